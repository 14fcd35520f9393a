// SPDX-License-Identifier: GPL-2.0-only
/* Correct: the exit function polls a counter until all callbacks have run. */
#include <linux/delay.h>

#include "case.h"

static int __init counter_wait_init(void)
{
	return 0;
}

static void __exit counter_wait_exit(void)
{
	objects_queue(5);
	while (atomic_read(&run) < atomic_read(&queued))
		msleep(1);
	log_counts();
}

CASE(counter_wait_init, counter_wait_exit, "A count of callbacks that is waited for");
