// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread calls a function that ends in a tail call to call_rcu(). The exit function stops only
 * the thread.
 */
#include <linux/kthread.h>
#include <linux/delay.h>

#include "case.h"

static struct task_struct *thread;

static noinline __noclone void queue_one(void)
{
	struct object *object = kzalloc(sizeof(*object), GFP_KERNEL);

	atomic_inc(&queued);
	call_rcu(&object->rcu, object_free);
}

static int queuer(void *unused)
{
	int i;

	for (i = 0; i < 3; i++)
		queue_one();
	while (!kthread_should_stop())
		msleep(10);
	return 0;
}

static int __init thread_jump_init(void)
{
	thread = kthread_run(queuer, NULL, KBUILD_MODNAME);
	return PTR_ERR_OR_ZERO(thread);
}

static void __exit thread_jump_exit(void)
{
	kthread_stop(thread);
#ifdef FIXED
	rcu_barrier();
#endif
	log_counts();
}

CASE(thread_jump_init, thread_jump_exit, "A jump to call_rcu() from a thread's function");
