// SPDX-License-Identifier: BSD-2-Clause
/*
 * Twin with a jump at TWIN_PLACE. A kernel that takes it for twin_call's call returns to the ud2.
 */
#include "odd.h"

void twin_jump_read(void);
/* clang-format off */
asm(TWIN_PAGE
    BEGIN_FUNCTION("twin_jump_read")
    FTRACE_PLACE
    READ_LOCK
    TWIN_PLACE
    READ_UNLOCK_LAST
    END_FUNCTION("twin_jump_read")
    "\tud2\n"
    TWIN_END);
/* clang-format on */

ODD_MODULE(twin_jump_read);
