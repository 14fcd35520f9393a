// SPDX-License-Identifier: BSD-2-Clause
/* As odd_core, in the memory of what is needed until the module has been initialised. */
#include "odd.h"

void odd_init_read(void);
/* Sections are in the order in which the assembler meets them. */
/* clang-format off */
asm(IN_SECTION(".init.text")
    END_SECTION

    IN_SECTION(".init.text.last")
    READER("odd_init_read")
    ODD_END
    END_SECTION);
/* clang-format on */

ODD_MODULE(odd_init_read);
