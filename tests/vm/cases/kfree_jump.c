// SPDX-License-Identifier: GPL-2.0-only
/* Correct: the exit function ends in kfree_rcu(), which gcc makes a tail call. */
#include "case.h"

static struct object *object;

static int __init kfree_jump_init(void)
{
	object = kzalloc(sizeof(*object), GFP_KERNEL);
	return object ? 0 : -ENOMEM;
}

static void __exit kfree_jump_exit(void)
{
	atomic_inc(&kfree_rcu_calls);
	log_counts();
	kfree_rcu(object, rcu);
}

CASE(kfree_jump_init, kfree_jump_exit, "A jump to kvfree_call_rcu()");
