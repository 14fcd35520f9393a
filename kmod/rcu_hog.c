// SPDX-License-Identifier: GPL-2.0-only
/*
 * Long grace periods that one CPU causes. A tracer should find out which task held up the CPU. A
 * waiter starts a grace period with synchronize_rcu() each time the CPU is occupied, and logs how
 * long it took.
 *
 * Parameters:
 *   hog       how the CPU is occupied. busy (default): a thread spins with
 *             preemption off, outside any read-side section. preempted: a
 *             real-time thread preempts another thread in its section.
 *             The latter needs a kernel with preempt=full; on others the
 *             section just lasts as long.
 *   hog_ms    for how many milliseconds (300, 1 to 5000)
 *   cpu       which CPU (default: the last one that is online)
 *
 * Counts logged at exit: "hogs" is how often the CPU was occupied, "waits" is the number of
 * synchronize_rcu() calls.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "choice.h"
#include "common.h"

#define MAX_HOG_MS 5000
#define PAUSE_MS   100

enum hog {
	HOG_BUSY,
	HOG_PREEMPTED,
};

static const char *const hog_words[] = {
	[HOG_BUSY] = "busy",
	[HOG_PREEMPTED] = "preempted",
};

static struct choice hog = {
	.words = hog_words,
	.nr_words = ARRAY_SIZE(hog_words),
	.chosen = HOG_BUSY,
};
module_param_cb(hog, &choice_ops, &hog, 0444);
MODULE_PARM_DESC(hog, "How the CPU is taken: busy (default) or preempted");

static unsigned int hog_ms = 300;
module_param(hog_ms, uint, 0444);
MODULE_PARM_DESC(hog_ms, "For how many milliseconds (default 300, 1 to 5000)");

static int cpu = -1;
module_param(cpu, int, 0444);
MODULE_PARM_DESC(cpu, "Which CPU (default: the last one that is online)");

static struct task_struct *hogger;
static struct task_struct *reader;
static struct task_struct *waiter;

/*
 * Flags of a round: a thread entered its section (hog=preempted); the CPU is occupied, so the
 * waiter starts a grace period.
 */
static bool in_section;
static bool taken;

static atomic_long_t nr_hogs;
static atomic_long_t nr_waits;

/* Returns false if the thread must stop. Clears the flag. */
static bool wait_for_flag(bool *flag)
{
	wait_event_idle(wait, READ_ONCE(*flag) || kthread_should_stop());
	WRITE_ONCE(*flag, false);
	return !kthread_should_stop();
}

static void raise_flag(bool *flag)
{
	WRITE_ONCE(*flag, true);
	wake_up(&wait);
}

static noinline __noclone void hog_cpu(void)
{
	ktime_t end = ktime_add_ms(ktime_get(), hog_ms);

	atomic_long_inc(&nr_hogs);
	raise_flag(&taken);
	while (ktime_before(ktime_get(), end))
		cpu_relax();
}

/*
 * The hogger that this wakes preempts the section if the kernel allows that. Otherwise it runs
 * after the section.
 */
static noinline __noclone void read_preempted(void)
{
	ktime_t end = ktime_add_ms(ktime_get(), hog_ms);

	rcu_read_lock();
	raise_flag(&in_section);
	while (ktime_before(ktime_get(), end))
		cpu_relax();
	rcu_read_unlock();
}

static int reader_fn(void *unused)
{
	while (thread_pause_ms(PAUSE_MS))
		read_preempted();
	return 0;
}

static int hogger_fn(void *unused)
{
	if (hog.chosen == HOG_PREEMPTED) {
		sched_set_fifo(current);
		while (wait_for_flag(&in_section))
			hog_cpu();
		return 0;
	}
	while (thread_pause_ms(PAUSE_MS)) {
		preempt_disable();
		hog_cpu();
		preempt_enable();
	}
	return 0;
}

static int waiter_fn(void *unused)
{
	while (wait_for_flag(&taken)) {
		ktime_t begin = ktime_get();

		synchronize_rcu();
		atomic_long_inc(&nr_waits);
		pr_info("rcu_waiter: waited %lld ms\n", ktime_ms_delta(ktime_get(), begin));
	}
	return 0;
}

static void stop_all(void)
{
	if (reader)
		thread_stop(reader);
	if (hogger)
		thread_stop(hogger);
	if (waiter)
		thread_stop(waiter);
}

static int __init start(struct task_struct **thread, int (*fn)(void *), const char *name, int on)
{
	struct task_struct *task = thread_start_on(fn, NULL, name, on);

	if (IS_ERR(task))
		return PTR_ERR(task);
	*thread = task;
	return 0;
}

static int __init rcu_hog_init(void)
{
	int err;

	if (!hog_ms || hog_ms > MAX_HOG_MS) {
		pr_err(MODULE_PREFIX "hog_ms must be 1 to %d\n", MAX_HOG_MS);
		return -EINVAL;
	}
	if (cpu == -1)
		cpu = cpumask_last(cpu_online_mask);
	if (cpu < 0 || cpu >= nr_cpu_ids || !cpu_online(cpu)) {
		pr_err(MODULE_PREFIX "cpu %d is not online\n", cpu);
		return -EINVAL;
	}

	err = start(&waiter, waiter_fn, "rcu_waiter", ANY_CPU);
	if (!err)
		err = start(&hogger, hogger_fn, "rcu_hogger", cpu);
	if (!err && hog.chosen == HOG_PREEMPTED)
		err = start(&reader, reader_fn, "rcu_preempted", cpu);
	if (err)
		stop_all();
	return err;
}

static void __exit rcu_hog_exit(void)
{
	stop_all();
	pr_info(MODULE_PREFIX "hogs=%ld waits=%ld\n", atomic_long_read(&nr_hogs),
		atomic_long_read(&nr_waits));
}

module_init(rcu_hog_init);
module_exit(rcu_hog_exit);

MODULE_AUTHOR("the rcuscope authors");
MODULE_DESCRIPTION("Grace periods that last because of what one CPU does");
MODULE_LICENSE("GPL");
