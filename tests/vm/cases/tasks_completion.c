// SPDX-License-Identifier: GPL-2.0-only
/* Correct: the exit function waits for a completion, which a callback of RCU-tasks completes. */
#include <linux/completion.h>

#include "case.h"

static DECLARE_COMPLETION(has_run);
static struct rcu_head head;

static void note(struct rcu_head *rcu)
{
	atomic_inc(&run);
	complete(&has_run);
}

static int __init tasks_completion_init(void)
{
	return 0;
}

static void __exit tasks_completion_exit(void)
{
	call_rcu_tasks(&head, note);
	wait_for_completion(&has_run);
	log_counts();
}

CASE(tasks_completion_init, tasks_completion_exit, "call_rcu_tasks() that is waited for");
