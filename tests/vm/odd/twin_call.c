// SPDX-License-Identifier: BSD-2-Clause
/* The place of which the other twins have something else: a call. */
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
