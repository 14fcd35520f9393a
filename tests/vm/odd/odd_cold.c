// SPDX-License-Identifier: BSD-2-Clause
/*
 * A section begins in the core and ends in a split-off part of the function, which is last in the
 * memory.
 */
#include "odd.h"

void odd_cold_read(void);
/* clang-format off */
asm(IN_SECTION(".text.first")
    BEGIN_FUNCTION("odd_cold_read")
    FTRACE_PLACE
    READ_LOCK
    "\tjmp odd_cold_read.cold\n"
    END_FUNCTION("odd_cold_read")
    END_SECTION

    IN_SECTION(".text.last")
    BEGIN_FUNCTION("odd_cold_read.cold")
    READ_UNLOCK_LAST
    END_FUNCTION("odd_cold_read.cold")
    ODD_END
    END_SECTION);
/* clang-format on */

ODD_MODULE(odd_cold_read);
