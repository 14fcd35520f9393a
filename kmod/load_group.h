/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups of the threads of rcu_load, and how they are bound to CPUs. */
#ifndef COMPANION_LOAD_GROUP_H
#define COMPANION_LOAD_GROUP_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "common.h"

#define MAX_THREADS 64

struct load_thread;

struct load_callback {
	struct rcu_head rcu;
	struct load_thread *thread;
	bool pending;
};

/*
 * Only the thread itself writes its counts, except `invoked`, which its callbacks write on any CPU.
 */
struct load_thread {
	struct task_struct *task;
	struct load_callback *callbacks;
	unsigned int next; /* index into callbacks */
	unsigned long done;
	unsigned long full;
	atomic_long_t invoked;
} ____cacheline_aligned_in_smp;

struct load_group {
	const char *name;
	int (*fn)(void *thread);
	unsigned int nr_threads;
	struct load_thread threads[MAX_THREADS];
};

static unsigned long group_done(const struct load_group *group)
{
	unsigned long done = 0;
	unsigned int i;

	for (i = 0; i < group->nr_threads; i++)
		done += READ_ONCE(group->threads[i].done);
	return done;
}

static void group_stop(struct load_group *group)
{
	unsigned int i;

	for (i = 0; i < group->nr_threads; i++) {
		if (group->threads[i].task)
			thread_stop(group->threads[i].task);
	}
}

/* Binds the threads to the CPUs in turn. `on` may be NULL: they run on any CPU. */
static int __init group_start(struct load_group *group, const struct cpumask *on)
{
	int cpu = ANY_CPU;
	unsigned int i;

	for (i = 0; i < group->nr_threads; i++) {
		struct task_struct *task;
		char name[TASK_COMM_LEN];

		if (on) {
			cpu = cpumask_next(cpu, on);
			if (cpu >= nr_cpu_ids)
				cpu = cpumask_first(on);
		}
		scnprintf(name, sizeof(name), "%s%u", group->name, i);
		task = thread_start_on(group->fn, &group->threads[i], name, cpu);
		if (IS_ERR(task))
			return PTR_ERR(task);
		group->threads[i].task = task;
	}
	return 0;
}

/* Parses cpus=: at least one CPU, all of them online. NULL: all that are online. */
static int __init parse_cpus(const char *cpus, struct cpumask *on)
{
	if (!cpus) {
		cpumask_copy(on, cpu_online_mask);
		return 0;
	}
	if (cpulist_parse(cpus, on) || cpumask_empty(on) || !cpumask_subset(on, cpu_online_mask)) {
		pr_err(MODULE_PREFIX "cpus=%s is not a list of CPUs that are online\n", cpus);
		return -EINVAL;
	}
	return 0;
}

#endif
