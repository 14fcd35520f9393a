// SPDX-License-Identifier: GPL-2.0-only
/* The exit function does not wait. The init function's callbacks have run long before it. */
#include "case.h"

static int __init no_barrier_idle_init(void)
{
	objects_queue(6);
	return 0;
}

static void __exit no_barrier_idle_exit(void)
{
#ifdef FIXED
	rcu_barrier();
#endif
	log_counts();
}

CASE(no_barrier_idle_init, no_barrier_idle_exit, "No rcu_barrier(), and no callback left at exit");
