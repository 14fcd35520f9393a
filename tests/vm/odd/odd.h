/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules that compilers rarely generate, for tests/vm/test_odd_modules.sh. Each calls a reader,
 * which is written in assembly, READS times in its init function. The reader is in a separate
 * section, which is the last of its memory: none of these modules has an .exit.text.
 */
#include <linux/linkage.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#define READS 10

#define IN_SECTION(name) ".pushsection " name ", \"ax\", @progbits\n\t.balign 16\n"
#define END_SECTION	 ".popsection\n"

#define BEGIN_FUNCTION(name) "\t.type " name ", @function\n" name ":\n"
#define END_FUNCTION(name)   "\t.size " name ", . - " name "\n"

/* The code that gcc generates with -pg -mfentry -mrecord-mcount. */
#define FTRACE_PLACE                                                                               \
	"77:\tcall __fentry__\n"                                                                   \
	"\t.pushsection __mcount_loc, \"a\", @progbits\n"                                          \
	"\t.quad 77b\n"                                                                            \
	"\t.popsection\n"

#ifdef CONFIG_PREEMPT_RCU
#define READ_LOCK	 "\tcall __rcu_read_lock\n"
#define READ_UNLOCK	 "\tcall __rcu_read_unlock\n"
#define READ_UNLOCK_LAST "\tjmp __rcu_read_unlock\n"
#else
#define READ_LOCK	 "\t.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
#define READ_UNLOCK	 READ_LOCK
#define READ_UNLOCK_LAST "\t" ASM_RET "\n"
#endif

#define READER(name)                                                                               \
	BEGIN_FUNCTION(name) FTRACE_PLACE READ_LOCK READ_UNLOCK "\t" ASM_RET "\n" END_FUNCTION(name)

/* Zeros follow to the end of the page; two of them decode as one instruction. */
#define EVEN_END "\t.balign 16, 0x90\n"
#define ODD_END	 EVEN_END "\tnop\n"

/*
 * Twins have a separate page in a memory of two pages, so that a twin can be loaded where another
 * one was. TWIN_PLACE is the middle of that page, where each twin has something else.
 */
#define TWIN_PAGE  ".pushsection .text.page, \"ax\", @progbits\n\t.balign 4096\n"
#define TWIN_PLACE "\t.balign 2048, 0x90\n"
/* An object ends the last function, so that no probed symbol is the last one of the memory. */
#define TWIN_END                                                                                   \
	EVEN_END "\t.type twin_end, @object\ntwin_end:\n\t.byte 0, 0\n\t.size twin_end, . - "      \
		 "twin_end\n" END_SECTION

#define ODD_MODULE(reader)                                                                         \
	static int __init odd_module_init(void)                                                    \
	{                                                                                          \
		int i;                                                                             \
                                                                                                   \
		for (i = 0; i < READS; i++)                                                        \
			reader();                                                                  \
		return 0;                                                                          \
	}                                                                                          \
	static void odd_module_exit(void)                                                          \
	{                                                                                          \
	}                                                                                          \
	module_init(odd_module_init);                                                              \
	module_exit(odd_module_exit);                                                              \
	MODULE_DESCRIPTION("A module as hardly a compiler makes them");                            \
	MODULE_LICENSE("Dual BSD/GPL")
