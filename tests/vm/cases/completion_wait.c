// SPDX-License-Identifier: GPL-2.0-only
/* Correct: the exit function waits for a completion, which the last callback completes. */
#include <linux/completion.h>

#include "case.h"

#define OBJECTS 5

static DECLARE_COMPLETION(all_run);
static atomic_t left = ATOMIC_INIT(OBJECTS);

static void free_and_tell(struct rcu_head *rcu)
{
	object_free(rcu);
	if (atomic_dec_and_test(&left))
		complete(&all_run);
}

static int __init completion_wait_init(void)
{
	return 0;
}

static void __exit completion_wait_exit(void)
{
	int i;

	for (i = 0; i < OBJECTS; i++)
		object_queue(free_and_tell);
	wait_for_completion(&all_run);
	log_counts();
}

CASE(completion_wait_init, completion_wait_exit, "A completion by the last callback");
