/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The output of a compiler and kbuild in a .ko, byte by byte, for the tests of the reader of
 * module files. The instructions before those that a test names have sizes that are easy to count.
 */

#include "sample_functions.inc"

	.text

	/* CONFIG_FUNCTION_PADDING */
	.type __pfx_sample_read, @function
__pfx_sample_read:
	.fill 16, 1, 0x90
	.size __pfx_sample_read, 16

	.globl sample_read
	function sample_read
	call __fentry__
	call __rcu_read_lock		/* +5 */
	nop
#ifdef WITH_LABEL
sample_label:
#endif
	call __rcu_read_unlock		/* +11 */
	ret
	end_function sample_read

	/* A tail call at the end closes the section. */
	function sample_tail.isra.0
	call __rcu_read_lock		/* +0 */
	test %eax, %eax
	jmp __rcu_read_unlock		/* +7 */
	end_function sample_tail.isra.0

	/* Not always taken, so it does not count as an unlock. */
	function sample_conditional
	test %eax, %eax
	je __rcu_read_unlock
	ret
	end_function sample_conditional

	/* The address as a value in code is not a site. */
	function sample_address
	lea __rcu_read_lock(%rip), %rax
	movabs $__rcu_read_unlock, %rcx
	ret
	end_function sample_address

	/* A second name for the same address. It is listed later, as are all global symbols. */
	.globl sample_alias
	.type sample_alias, @function
	.set sample_alias, sample_address

	/* Imports that a recording does not follow (call_srcu(), percpu_ref), however they are used. */
	.section .rodata, "a", @progbits
	.quad percpu_ref_kill_and_confirm, call_srcu, rcu_barrier
	.text

	/* Code that no function symbol covers. */
	.p2align 4
stray:
	call __rcu_read_lock

	.section .text.unlikely, "ax", @progbits
	function sample_read.cold
	nop
	nop
	jmp __rcu_read_unlock		/* +2 */
	end_function sample_read.cold

	.section .init.text, "ax", @progbits
	function sample_init
	call __rcu_read_lock		/* +0 */
	call __rcu_read_unlock		/* +5 */
	xor %eax, %eax
	ret
	end_function sample_init
	.globl init_module
	.type init_module, @function
	.set init_module, sample_init

#ifndef WITH_ODD_END
	/* The kernel decodes until the end of the page. If this size is even, two bytes of zeros are one instruction. */
	int3
#endif

	.section .exit.text, "ax", @progbits
	function sample_exit
	ret
	end_function sample_exit
	.globl cleanup_module
	.type cleanup_module, @function
	.set cleanup_module, sample_exit

#ifdef WITH_LONG_NAMES
	.macro reader name, section
	.section \section, "ax", @progbits
	function \name
	call __rcu_read_lock
	call __rcu_read_unlock
	ret
	end_function \name
	int3
	.endm

	reader sample_long, .text.this_name_has_more_than_31_letters
	reader sample_shared_1, .text.of_these_two_31_letters_are_the_same
	reader sample_shared_2, .text.of_these_two_31_letters_are_alike
#endif

	/* References in data are not calls. */
	.data
	.type sample_table, @object
sample_table:
	.quad __rcu_read_lock
	.quad sample_read
	.size sample_table, . - sample_table

	.bss
	.skip 64

#ifdef WITH_MCOUNT
	/* The functions that ftrace can trace: like every __exit function, sample_exit is not among them. */
	.section __mcount_loc, "a", @progbits
	.quad sample_read
	.quad sample_init
#endif

#ifdef WITH_NOKPROBE
	/* NOKPROBE_SYMBOL(sample_read), and the older way to exclude a function from kprobes. */
	.section _kprobe_blacklist, "aw", @progbits
	.quad sample_read

	.section .kprobes.text, "ax", @progbits
	function sample_kprobes_text
	call __fentry__
	ret
	end_function sample_kprobes_text
	.section __mcount_loc, "a", @progbits
	.quad sample_kprobes_text
#endif

#ifndef WITHOUT_MODINFO
	.section .modinfo, "a", @progbits
	.asciz "license=GPL"
	.asciz "name=sample_module"
#ifdef WITHOUT_UNLOAD
	.asciz "vermagic=6.1.0-test-amd64 SMP preempt modversions "
#else
	.asciz "vermagic=6.1.0-test-amd64 SMP preempt mod_unload modversions "
#endif
#endif

	.section .note.gnu.build-id, "a", @note
	.long 4, 20, 3
	.asciz "GNU"
	.byte 0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, 0x10, 0x20, 0x30, 0x40
	.byte 0x50, 0x60, 0x70, 0x80, 0x90, 0xa0, 0xb0, 0xc0, 0xd0, 0xe0

	.section .note.GNU-stack, "", @progbits
