// SPDX-License-Identifier: BSD-2-Clause
/*
 * Unusual symbols that assembly can have: a function of size zero at the address of a reader; a
 * label in an empty section at the end, which for kallsyms ends the last function; a reader with
 * a label within, which the kernel takes for a function of its own, so that it refuses the probe
 * behind the label; a reader in a section with a long name; a reader that is closed to kprobes;
 * and a reader in C whose code the kernel patches: static keys, alternatives.
 */
#include <linux/jump_label.h>
#include <linux/kprobes.h>
#include <asm/barrier.h>

#include "odd.h"

void odd_symbols_labelled(void);
void odd_symbols_read(void);
void odd_symbols_long(void);
/* clang-format off */
asm(IN_SECTION(".text.a_section_with_a_name_longer_than_a_recording_tells")
    READER("odd_symbols_long")
    END_SECTION

    IN_SECTION(".text.last")
    BEGIN_FUNCTION("odd_symbols_labelled")
    FTRACE_PLACE
    READ_LOCK
    "odd_symbols_label:\n"
    READ_UNLOCK
    "\t" ASM_RET "\n"
    END_FUNCTION("odd_symbols_labelled")
    EVEN_END

    BEGIN_FUNCTION("odd_symbols_empty")
    END_FUNCTION("odd_symbols_empty")
    READER("odd_symbols_read")
    ODD_END
    END_SECTION

    IN_SECTION(".text.none")
    "odd_symbols_none:\n"
    END_SECTION);
/* clang-format on */

static DEFINE_STATIC_KEY_FALSE(odd_key);
static int odd_count;

static noinline __noclone __section(".text") void odd_symbols_patched(void)
{
	rcu_read_lock();
	if (static_branch_unlikely(&odd_key))
		WRITE_ONCE(odd_count, odd_count + 1);
	barrier_nospec();
	rcu_read_unlock();
}

static noinline __noclone __section(".text") void odd_symbols_closed(void)
{
	rcu_read_lock();
	WRITE_ONCE(odd_count, odd_count + 1);
	rcu_read_unlock();
}
NOKPROBE_SYMBOL(odd_symbols_closed);

static void odd_symbols_all(void)
{
	odd_symbols_labelled();
	odd_symbols_read();
	odd_symbols_patched();
	odd_symbols_long();
	odd_symbols_closed();
	if (static_key_enabled(&odd_key))
		static_branch_disable(&odd_key);
	else
		static_branch_enable(&odd_key);
}

ODD_MODULE(odd_symbols_all);
