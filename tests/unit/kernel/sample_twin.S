/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One file of a module. Two of these make a module in which the name of a static function stands
 * for two functions.
 */
	.text
	.p2align 4
	.type twin, @function
twin:
	.fill TWIN_BYTES, 1, 0x90
	call __rcu_read_lock
	ret
	.size twin, . - twin

#ifdef WITH_MODINFO
	.section .modinfo, "a", @progbits
	.asciz "vermagic=6.12.0"
	.asciz "name=twins"
#endif

	.section .note.GNU-stack, "", @progbits
