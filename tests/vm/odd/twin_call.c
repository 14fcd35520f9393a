// SPDX-License-Identifier: BSD-2-Clause
/* Twin with a call at TWIN_PLACE, where the other twins have something else. */
#include "odd.h"

void twin_call_read(void);
/* clang-format off */
asm(TWIN_PAGE
    BEGIN_FUNCTION("twin_call_read")
    FTRACE_PLACE
    READ_LOCK
    TWIN_PLACE
    READ_UNLOCK
    "\t" ASM_RET "\n"
    END_FUNCTION("twin_call_read")
    TWIN_END);
/* clang-format on */

ODD_MODULE(twin_call_read);
