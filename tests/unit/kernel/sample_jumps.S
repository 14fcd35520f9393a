/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions whose last call the compiler has made a jump. */

#include "sample_functions.inc"

	.text
	function jumps_free
	call __fentry__
	jmp call_rcu			/* +5 */
	end_function jumps_free

	/* A call, a conditional jump, and a jump to what is not followed. */
	function jumps_not
	call __fentry__
	call call_rcu
	je call_rcu
	jmp kfree
	end_function jumps_not

	/* Code that no symbol names. */
	.p2align 4
	nop
	jmp kvfree_call_rcu		/* .text+65 */
	int3
	int3

	/* A callback that wakes the exit function by way of another function, which lies elsewhere: a call
	 * within a section needs no relocation. */
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
