// SPDX-License-Identifier: BSD-2-Clause
/* The last function ends at an even address. A section without symbols follows, which does not. */
#include "odd.h"

void odd_more_read(void);
/* clang-format off */
asm(IN_SECTION(".text.last")
    READER("odd_more_read")
    EVEN_END
    END_SECTION

    IN_SECTION(".text.more")
    ODD_END
    END_SECTION);
/* clang-format on */

ODD_MODULE(odd_more_read);
