// SPDX-License-Identifier: BSD-2-Clause
/*
 * Twin whose last function's symbol extends over TWIN_PLACE. If a call is assumed there, the zeros
 * behind it end at an odd address.
 */
#include "odd.h"

void twin_last_read(void);
/* clang-format off */
asm(TWIN_PAGE
    READER("twin_last_read")
    EVEN_END
    END_SECTION);
/* clang-format on */

ODD_MODULE(twin_last_read);
