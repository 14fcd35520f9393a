// SPDX-License-Identifier: BSD-2-Clause
/* Like odd_core, but the code ends at an even address, so the section is seen. */
#include "odd.h"

void even_core_read(void);
asm(IN_SECTION(".text.last") READER("even_core_read") EVEN_END END_SECTION);

ODD_MODULE(even_core_read);
