// SPDX-License-Identifier: BSD-2-Clause
/*
 * The ftrace location of the last function is not at its entry, so a probe at the entry is not
 * based on ftrace.
 */
#include "odd.h"

void odd_entry_call(void);
/* clang-format off */
asm(IN_SECTION(".text.last")
    BEGIN_FUNCTION("odd_entry_call")
    "\tnop\n"
    FTRACE_PLACE
    "\t" ASM_RET "\n"
    END_FUNCTION("odd_entry_call")
    ODD_END
    END_SECTION);
/* clang-format on */

ODD_MODULE(odd_entry_call);
