// SPDX-License-Identifier: BSD-2-Clause
/* Like odd_core, but in the memory that is freed after the init function. */
#include "odd.h"

void odd_init_read(void);
/* The assembler keeps sections in the order in which they first appear. */
/* clang-format off */
asm(IN_SECTION(".init.text")
    END_SECTION

    IN_SECTION(".init.text.last")
    READER("odd_init_read")
    ODD_END
    END_SECTION);
/* clang-format on */

ODD_MODULE(odd_init_read);
