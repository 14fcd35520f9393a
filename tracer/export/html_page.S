/* SPDX-License-Identifier: BSD-2-Clause */
/* Embeds the built page (viz/) into the program, so that html.cpp needs no file at run time. */
	.section .rodata
	.global rcuscope_page_begin
	.global rcuscope_page_end
rcuscope_page_begin:
	.incbin RCUSCOPE_PAGE
rcuscope_page_end:
	.section .note.GNU-stack, "", @progbits
