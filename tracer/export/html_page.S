/* SPDX-License-Identifier: BSD-2-Clause */
/* The page as it was built, in the program: no file to be found at run time. */
	.section .rodata
	.global rcuscope_page_begin
	.global rcuscope_page_end
rcuscope_page_begin:
	.incbin RCUSCOPE_PAGE
rcuscope_page_end:
	.section .note.GNU-stack, "", @progbits
