// SPDX-License-Identifier: GPL-2.0-only
/* kfree_rcu() needs no wait, but the callback that is queued next to it does. */
#include "case.h"

static int __init kfree_and_callbacks_init(void)
{
	struct object *object;
	int i;

	for (i = 0; i < 3; i++) {
		object = kzalloc(sizeof(*object), GFP_KERNEL);
		if (!object)
			break;
		atomic_inc(&kfree_rcu_calls);
		kfree_rcu(object, rcu);
	}
	objects_queue(1);
	return 0;
}

static void __exit kfree_and_callbacks_exit(void)
{
#ifdef FIXED
	rcu_barrier();
#endif
	log_counts();
}

CASE(kfree_and_callbacks_init, kfree_and_callbacks_exit, "kfree_rcu() beside call_rcu()");
