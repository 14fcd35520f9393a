// SPDX-License-Identifier: BSD-2-Clause
/* The last function of the core's memory is a reader, and the code ends at an odd address. */
#include "odd.h"

void odd_core_read(void);
asm(IN_SECTION(".text.last") READER("odd_core_read") ODD_END END_SECTION);

ODD_MODULE(odd_core_read);
