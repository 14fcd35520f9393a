/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions that end in a tail call. */

#include "sample_functions.inc"

	.text
	function jumps_free
	call __fentry__
	jmp call_rcu			/* +5 */
	end_function jumps_free

	/* No tail calls of a followed function: a call, a conditional jump, and a jump to another function. */
	function jumps_not
	call __fentry__
	call call_rcu
	je call_rcu
	jmp kfree
	end_function jumps_not

	/* Code without a symbol. */
	.p2align 4
	nop
	jmp kvfree_call_rcu		/* .text+65 */
	int3
	int3

	/*
	 * A callback that wakes the exit function through another function, which is in another section, because a call
	 * within a section needs no relocation.
	 */
	.section .text.unlikely, "ax", @progbits
	function jumps_done
	call __fentry__
	call complete
	ret
	end_function jumps_done

	.text
	function jumps_callback
	call __fentry__
	call jumps_done
	ret
	end_function jumps_callback

	function jumps_stop
	call __fentry__
	call wait_for_completion
	ret
	end_function jumps_stop

	.section .exit.text, "ax", @progbits
	function jumps_exit
	nop
	call jumps_stop
	jmp rcu_barrier			/* +6 */
	end_function jumps_exit
	.globl cleanup_module
	.type cleanup_module, @function
	.set cleanup_module, jumps_exit

	.section __mcount_loc, "a", @progbits
	.quad jumps_free
	.quad jumps_not
	.quad jumps_done
	.quad jumps_callback
	.quad jumps_stop

	.section .modinfo, "a", @progbits
	.asciz "name=sample_jumps"
	.asciz "vermagic=6.1.0-test SMP mod_unload "
