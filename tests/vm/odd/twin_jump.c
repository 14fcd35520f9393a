// SPDX-License-Identifier: BSD-2-Clause
/* A jump: taken for a call, it returns to the ud2. */
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
