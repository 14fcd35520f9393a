// SPDX-License-Identifier: BSD-2-Clause
/* Twin with an ftrace location at TWIN_PLACE. */
#include "odd.h"

void twin_entry_call(void);
/* clang-format off */
asm(TWIN_PAGE
    "\tnop\n"
    TWIN_PLACE
    BEGIN_FUNCTION("twin_entry_call")
    FTRACE_PLACE
    "\t" ASM_RET "\n"
    END_FUNCTION("twin_entry_call")
    TWIN_END);
/* clang-format on */

ODD_MODULE(twin_entry_call);
