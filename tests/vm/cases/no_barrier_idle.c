// SPDX-License-Identifier: GPL-2.0-only
/* Callbacks of its init function are done long before the exit function, which waits for none. */
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
