// SPDX-License-Identifier: BSD-2-Clause
/* The last function's symbol goes on over the place: a call there makes the zeros end at an odd
 * address.
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
