// SPDX-License-Identifier: GPL-2.0-only
/* A thread's error path lacks rcu_read_unlock(); the thread ends within the section. */
#include <linux/kthread.h>
#include <linux/sched/task.h>

#include "case.h"

static struct task_struct *thread;

static noinline __noclone int read_value(bool fail)
{
	atomic_inc(&sections);
	rcu_read_lock();
#ifndef FIXED
	if (fail) {
		__release(RCU); /* else sparse reports the imbalance */
		return -EINVAL;
	}
#endif
	rcu_read_unlock();
	return 0;
}

static int reader(void *unused)
{
	read_value(false);
	return read_value(true);
}

static int __init reader_leak_thread_init(void)
{
	thread = kthread_create(reader, NULL, KBUILD_MODNAME);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	get_task_struct(thread);
	wake_up_process(thread);
	return 0;
}

static void __exit reader_leak_thread_exit(void)
{
	kthread_stop(thread);
	put_task_struct(thread);
	log_counts();
}

CASE(reader_leak_thread_init, reader_leak_thread_exit, "A thread ends within a read-side section");
