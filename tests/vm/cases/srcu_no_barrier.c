// SPDX-License-Identifier: GPL-2.0-only
/* The exit function does not wait for callbacks of an SRCU domain. */
#include <linux/srcu.h>

#include "case.h"

DEFINE_STATIC_SRCU(domain);

static int __init srcu_no_barrier_init(void)
{
	return 0;
}

static void __exit srcu_no_barrier_exit(void)
{
	struct object *object;
	int i;

	for (i = 0; i < 5; i++) {
		object = kzalloc(sizeof(*object), GFP_KERNEL);
		if (!object)
			break;
		call_srcu(&domain, &object->rcu, object_free);
	}
#ifdef FIXED
	srcu_barrier(&domain);
#endif
	log_counts();
}

CASE(srcu_no_barrier_init, srcu_no_barrier_exit, "call_srcu() without srcu_barrier()");
