// SPDX-License-Identifier: GPL-2.0-only
/* The callback's code is freed when the init function is done. */
#include "case.h"

#ifdef FIXED
#define IN_SECTION
#else
#define IN_SECTION __section(".init.text")
#endif

static struct rcu_head head;

static void IN_SECTION note(struct rcu_head *rcu)
{
	atomic_inc(&run);
}

static int __init init_text_callback_init(void)
{
	atomic_inc(&queued);
	call_rcu(&head, note);
	return 0;
}

static void __exit init_text_callback_exit(void)
{
	rcu_barrier();
	log_counts();
}

CASE(init_text_callback_init, init_text_callback_exit, "A callback in .init.text");
