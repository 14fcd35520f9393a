/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions with various entries and exits, for the tests that find where a function can be probed. */

#include "sample_functions.inc"

	.text
	function places_plain
	call __fentry__
	push %rbx
	mov %rdi, %rbx
	call kfree			/* +9 */
	pop %rbx
	ret				/* +15 */
	int3
	end_function places_plain

	/* Two exits, one of which is a tail call. */
	function places_two
	endbr64
	call __fentry__
	test %edi, %edi
	je 1f				/* +11 */
	jmp kfree			/* +13 */
1:	ret				/* +18 */
	int3
	end_function places_two

	/* Another probe is at the entry, too. */
	function places_reads
	call __fentry__
	push %rbx
	call __rcu_read_lock		/* +6 */
	pop %rbx
	jmp __rcu_read_unlock		/* +12 */
	end_function places_reads

	/* A single basic block from the entry to the exit. */
	function places_straight
	call __fentry__
	mov %edi, %eax
	jmp __x86_return_thunk		/* +7 */
	end_function places_straight

	function places_empty
	call __fentry__
	ret				/* +5 */
	int3
	end_function places_empty

	/* A part that the compiler split off, and that jumps back. */
	function places_split
	call __fentry__
	test %edi, %edi
	jne places_split.cold		/* +7 */
.Lback:
	ret				/* +13 */
	int3
	end_function places_split

	/* Never returns. */
	function places_forever
	call __fentry__
	call kfree			/* +5 */
1:	call kfree
	jmp 1b
	end_function places_forever

	/* For the functions from here on, entry and exits are not certain. A loop back to the first instruction: */
	function unsure_loop
	call __fentry__
1:	dec %edi
	jne 1b
	ret
	int3
	end_function unsure_loop

	function unsure_conditional
	call __fentry__
	test %edi, %edi
	je kfree
	ret
	int3
	end_function unsure_conditional

	function unsure_table
	call __fentry__
	test %edi, %edi
	je 1f
	jmp *.Ltable(, %rdi, 8)
1:	ret
	end_function unsure_table

	/* A jump through a retpoline. The kernel may replace it by an instruction that it executes elsewhere. */
	function unsure_pointer
	call __fentry__
	mov (%rdi), %rax
	jmp __x86_indirect_thunk_rax
	end_function unsure_pointer

	/* A jump could replace the return and the next instruction. */
	function unsure_return
	call __fentry__
	call kfree
	ret
	.nops 4
	jmp kfree
	end_function unsure_return

	function unsure_split
	call __fentry__
	test %edi, %edi
	jne unsure_split.cold
	ret
	int3
	end_function unsure_split

	function unsure_shared
	call __fentry__
	test %edi, %edi
	je 1f
	nop
1:	nop
.Lshared:
	ret
	int3
	end_function unsure_shared

	function unsure_sharer
	call __fentry__
	test %edi, %edi
	je .Lshared
	ret
	int3
	end_function unsure_sharer

	/* Execution continues in the code that follows. */
	function unsure_end
	call __fentry__
	call kfree
	nop
	end_function unsure_end

	function unsure_static_call
	call __fentry__
	test %edi, %edi
	je 1f
	nop
1:	jmp __SCT__might_resched
	end_function unsure_static_call

	/* A static call in the module itself. */
	function unsure_own_static_call
	call __fentry__
.Lstatic_call:
	call places_plain
	ret
	int3
	end_function unsure_own_static_call

	/* Without an ftrace location it may be entered without a call. */
	function unsure_untraced
	nop
	call kfree
	ret
	int3
	end_function unsure_untraced

	.section .text.unlikely, "ax", @progbits
	function places_split.cold
	call kfree
	jmp .Lback
	end_function places_split.cold

	function unsure_split.cold
	call kfree
	ret
	int3
	end_function unsure_split.cold

	.section .exit.text, "ax", @progbits
	function places_exit
	nop
	ret
	end_function places_exit
	.globl cleanup_module
	.type cleanup_module, @function
	.set cleanup_module, places_exit

	.section .rodata, "a", @progbits
.Ltable:
	.quad places_plain

	.section __mcount_loc, "a", @progbits
	.quad places_plain
	.quad places_two + 4
	.quad places_reads
	.quad places_straight
	.quad places_split
	.quad places_forever
	.quad unsure_loop
	.quad places_empty
	.quad unsure_conditional
	.quad unsure_table
	.quad unsure_pointer
	.quad unsure_return
	.quad unsure_split
	.quad unsure_shared
	.quad unsure_sharer
	.quad unsure_end
	.quad unsure_static_call
	.quad unsure_own_static_call

	.section .static_call_sites, "aw", @progbits
	.long .Lstatic_call - ., 0

	.section .modinfo, "a", @progbits
	.asciz "name=sample_places"
#ifdef WITHOUT_PREEMPTION
	.asciz "vermagic=6.1.0-test SMP mod_unload "
#else
	.asciz "vermagic=6.1.0-test SMP preempt mod_unload "
#endif
