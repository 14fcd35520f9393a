/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads and pauses: helpers for the companion modules that have threads. */
#ifndef COMPANION_COMMON_H
#define COMPANION_COMMON_H

#include <linux/err.h>
#include <linux/hrtimer.h> /* for wait_event_interruptible_hrtimeout() */
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/wait.h>

/* A thread's log lines begin with the thread's name, the module's log lines with this prefix. */
#define MODULE_PREFIX KBUILD_MODNAME ": "

/* One queue for all threads: kthread_stop() itself wakes its thread, on whatever queue it waits. */
static DECLARE_WAIT_QUEUE_HEAD(wait);

#define ANY_CPU -1

/* The reference keeps the task_struct valid for thread_stop(), even if the thread has ended. */
static inline struct task_struct *thread_start_on(int (*fn)(void *), void *data, const char *name,
						  int cpu)
{
	struct task_struct *task = kthread_create(fn, data, "%s", name);

	if (!IS_ERR(task)) {
		if (cpu != ANY_CPU)
			kthread_bind(task, cpu);
		get_task_struct(task);
		wake_up_process(task);
	}
	return task;
}

static inline struct task_struct *thread_start(int (*fn)(void *), const char *name)
{
	return thread_start_on(fn, NULL, name, ANY_CPU);
}

static inline void thread_stop(struct task_struct *task)
{
	kthread_stop(task);
	put_task_struct(task);
}

/* Returns false if the thread must stop. */
static inline bool thread_pause_ms(unsigned int ms)
{
	wait_event_idle_timeout(wait, kthread_should_stop(), msecs_to_jiffies(ms));
	return !kthread_should_stop();
}

/* Like thread_pause_ms(), for times shorter than a jiffy: uses a high-resolution timer. */
static inline bool thread_pause_us(unsigned int us)
{
	wait_event_interruptible_hrtimeout(wait, kthread_should_stop(),
					   ns_to_ktime((u64)us * NSEC_PER_USEC));
	return !kthread_should_stop();
}

#endif
