// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generates an adjustable RCU load and counts it. The counts are exact, so tests compare a tracer
 * with them. The counts per second show what a tracer costs.
 *
 * Threads queue callbacks with call_rcu(): at a set rate, as fast as possible, or in bursts. Each
 * thread has a fixed number of rcu_heads and waits while RCU has all of them, which bounds the
 * memory however slow RCU becomes. Other threads repeatedly hold read-side sections or wait in
 * synchronize_rcu().
 *
 * Parameters:
 *   threads        number of threads that queue callbacks (1, at most 64)
 *   cpus           CPUs to which the threads are bound, in turn: a list such as
 *                  0,2-3 (all that are online)
 *   rate           callbacks per thread and second; 0: as fast as possible
 *                  (1000). Writable while the load runs.
 *   burst          callbacks at once, followed by a pause of pause_ms; overrides
 *                  rate (0: no bursts)
 *   pause_ms       that pause (100)
 *   pending        number of rcu_heads per thread, which is the maximum number of
 *                  its pending callbacks (65536, 32 bytes each)
 *   readers        number of threads that hold read-side sections (0, at most 64),
 *                  on the same CPUs
 *   others         number of callbacks whose function is not in this module. They
 *                  are queued once, in one read-side section, so all of them
 *                  are pending at its end (0, at most 1048576)
 *   read_us        length of each section (10, at most 1000000)
 *   read_pause_us  pause between two sections of a reader (1000); 0: none
 *   waiters        number of threads that wait in synchronize_rcu() (0, at most
 *                  64), on any CPU
 *
 * Counts logged at exit: "queued" is the number of call_rcu() calls, "invoked" is how many of these
 * callbacks have run (all of them at exit), "reads" is the number of read-side sections, and
 * "synchronize_rcu" is the number of its calls. These counts are also readable at any time in
 * /sys/module/rcu_load/parameters. They exclude the callbacks of "others". "full" is how often a
 * thread waited because RCU had all its rcu_heads. "elapsed_us" is the time from the start of the
 * first thread until the last callback had run. Names that end in "_per_second" are counts over
 * that time.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_wait.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "common.h"
#include "count.h"
#include "load_group.h"

#define MAX_PENDING (1 << 20)
#define MAX_READ_US 1000000

/* Callbacks queued between two checks whether to stop. */
#define CHUNK 64

/* Sleep of a thread with a rate. The maximum bounds the delay until it sees a new rate. */
#define MIN_SLEEP_US 1000
#define MAX_SLEEP_US 100000

static int queuer_fn(void *data);
static int reader_fn(void *data);
static int waiter_fn(void *data);

static struct load_group queuers = { .name = "rcu_queuer", .fn = queuer_fn, .nr_threads = 1 };
static struct load_group readers = { .name = "rcu_reader", .fn = reader_fn };
static struct load_group waiters = { .name = "rcu_waiter", .fn = waiter_fn };

module_param_named(threads, queuers.nr_threads, uint, 0444);
MODULE_PARM_DESC(threads, "Threads that queue callbacks (default 1, at most 64)");

static char *cpus;
module_param(cpus, charp, 0444);
MODULE_PARM_DESC(cpus, "CPUs that the threads are bound to, such as 0,2-3 (default all)");

static unsigned int rate = 1000;
module_param(rate, uint, 0644);
MODULE_PARM_DESC(rate, "Callbacks of each thread in a second (default 1000); 0: flat out");

static unsigned int burst;
module_param(burst, uint, 0444);
MODULE_PARM_DESC(burst, "Callbacks at once, then a pause, instead of a rate (default 0: none)");

static unsigned int pause_ms = 100;
module_param(pause_ms, uint, 0444);
MODULE_PARM_DESC(pause_ms, "Milliseconds between two bursts (default 100, at least 1)");

static unsigned int pending = 65536;
module_param(pending, uint, 0444);
MODULE_PARM_DESC(pending, "Callbacks of a thread that are pending at most (default 65536)");

module_param_named(readers, readers.nr_threads, uint, 0444);
MODULE_PARM_DESC(readers, "Threads that hold read-side sections (default 0, at most 64)");

static unsigned int read_us = 10;
module_param(read_us, uint, 0444);
MODULE_PARM_DESC(read_us, "Microseconds of a section (default 10, at most 1000000)");

static unsigned int read_pause_us = 1000;
module_param(read_pause_us, uint, 0444);
MODULE_PARM_DESC(read_pause_us, "Microseconds between two sections of a reader (default 1000)");

module_param_named(waiters, waiters.nr_threads, uint, 0444);
MODULE_PARM_DESC(waiters, "Threads that wait in synchronize_rcu() (default 0, at most 64)");

static unsigned int others;
module_param(others, uint, 0444);
MODULE_PARM_DESC(others, "Callbacks of the kernel's own function, queued once (default 0)");

static struct rcu_synchronize *other_callbacks;

static unsigned long nr_queued(void)
{
	return group_done(&queuers);
}

static unsigned long nr_invoked(void)
{
	unsigned long invoked = 0;
	unsigned int i;

	for (i = 0; i < queuers.nr_threads; i++)
		invoked += atomic_long_read(&queuers.threads[i].invoked);
	return invoked;
}

static unsigned long nr_reads(void)
{
	return group_done(&readers);
}

static unsigned long nr_synchronize_rcu(void)
{
	return group_done(&waiters);
}

static unsigned long nr_full(void)
{
	unsigned long full = 0;
	unsigned int i;

	for (i = 0; i < queuers.nr_threads; i++)
		full += queuers.threads[i].full;
	return full;
}

static struct count queued_count = { nr_queued };
static struct count invoked_count = { nr_invoked };
static struct count reads_count = { nr_reads };
static struct count synchronize_rcu_count = { nr_synchronize_rcu };

module_param_cb(queued, &count_ops, &queued_count, 0444);
MODULE_PARM_DESC(queued, "To be read: callbacks queued so far");
module_param_cb(invoked, &count_ops, &invoked_count, 0444);
MODULE_PARM_DESC(invoked, "To be read: callbacks that have run so far");
module_param_cb(reads, &count_ops, &reads_count, 0444);
MODULE_PARM_DESC(reads, "To be read: read-side sections so far");
module_param_cb(synchronize_rcu, &count_ops, &synchronize_rcu_count, 0444);
MODULE_PARM_DESC(synchronize_rcu, "To be read: calls of synchronize_rcu() so far");

static noinline __noclone void load_invoked(struct rcu_head *rcu)
{
	struct load_callback *callback = container_of(rcu, struct load_callback, rcu);

	atomic_long_inc(&callback->thread->invoked);
	/* Release: RCU has finished with the callback, and the thread may reuse it. */
	smp_store_release(&callback->pending, false);
}

/* Returns false if RCU still has the next callback. It then usually has all of them. */
static noinline __noclone bool load_queue(struct load_thread *thread)
{
	struct load_callback *callback = &thread->callbacks[thread->next];

	/* Acquire: pairs with the release in load_invoked(). */
	if (smp_load_acquire(&callback->pending))
		return false;
	callback->pending = true;
	thread->next = thread->next + 1 < pending ? thread->next + 1 : 0;
	WRITE_ONCE(thread->done, thread->done + 1);
	call_rcu(&callback->rcu, load_invoked);
	return true;
}

/*
 * Returns false if not all were queued: RCU had all callbacks of the thread, or the thread must
 * stop.
 */
static bool queue_many(struct load_thread *thread, u64 many)
{
	u64 i;

	for (i = 0; i < many; i++) {
		if (!load_queue(thread)) {
			thread->full++;
			return false;
		}
		if (i % CHUNK == CHUNK - 1) {
			if (kthread_should_stop())
				return false;
			cond_resched();
		}
	}
	return true;
}

static void queue_bursts(struct load_thread *thread)
{
	do {
		queue_many(thread, burst);
	} while (thread_pause_ms(pause_ms));
}

static void queue_flat_out(struct load_thread *thread)
{
	while (!kthread_should_stop() && !READ_ONCE(rate)) {
		if (!queue_many(thread, CHUNK))
			thread_pause_us(MIN_SLEEP_US);
	}
}

/*
 * At each wakeup, queues the callbacks that are due. Those that RCU has no room for are not queued
 * later.
 */
static void queue_at_rate(struct load_thread *thread, unsigned int per_second)
{
	unsigned int sleep_us =
		clamp_t(unsigned int, USEC_PER_SEC / per_second, MIN_SLEEP_US, MAX_SLEEP_US);
	u64 begin = ktime_get_ns();
	u64 queued = 0;

	while (thread_pause_us(sleep_us) && READ_ONCE(rate) == per_second) {
		u64 due = mul_u64_u32_div(ktime_get_ns() - begin, per_second, NSEC_PER_SEC);

		if (!queue_many(thread, due - queued))
			return;
		queued = due;
	}
}

static int queuer_fn(void *data)
{
	struct load_thread *thread = data;

	while (!kthread_should_stop()) {
		unsigned int per_second = READ_ONCE(rate);

		if (burst)
			queue_bursts(thread);
		else if (per_second)
			queue_at_rate(thread, per_second);
		else
			queue_flat_out(thread);
	}
	return 0;
}

/* synchronize_rcu() itself queues wakeme_after_rcu(). Here no task waits for its completion. */
static int __init queue_others(void)
{
	unsigned int i;

	if (!others)
		return 0;
	other_callbacks = kvcalloc(others, sizeof(*other_callbacks), GFP_KERNEL);
	if (!other_callbacks)
		return -ENOMEM;
	for (i = 0; i < others; i++)
		init_completion(&other_callbacks[i].completion);
	rcu_read_lock();
	for (i = 0; i < others; i++)
		call_rcu(&other_callbacks[i].head, wakeme_after_rcu);
	rcu_read_unlock();
	return 0;
}

/* udelay() depends on the TSC, whose rate is unreliable on an emulated CPU. */
static noinline __noclone void load_read(void)
{
	ktime_t end = ktime_add_us(ktime_get(), read_us);

	rcu_read_lock();
	while (ktime_before(ktime_get(), end))
		cpu_relax();
	rcu_read_unlock();
}

static bool reader_pause(void)
{
	if (read_pause_us)
		return thread_pause_us(read_pause_us);
	cond_resched();
	return !kthread_should_stop();
}

static int reader_fn(void *data)
{
	struct load_thread *thread = data;

	do {
		load_read();
		WRITE_ONCE(thread->done, thread->done + 1);
	} while (reader_pause());
	return 0;
}

static int waiter_fn(void *data)
{
	struct load_thread *thread = data;

	while (!kthread_should_stop()) {
		synchronize_rcu();
		WRITE_ONCE(thread->done, thread->done + 1);
	}
	return 0;
}

static void stop_all(void)
{
	unsigned int i;

	group_stop(&queuers);
	group_stop(&readers);
	group_stop(&waiters);

	/* Waits because load_invoked() is code of this module. */
	rcu_barrier();
	for (i = 0; i < queuers.nr_threads; i++)
		kvfree(queuers.threads[i].callbacks);
	kvfree(other_callbacks);
}

static int __init make_callbacks(struct load_thread *thread)
{
	unsigned int i;

	thread->callbacks = kvcalloc(pending, sizeof(*thread->callbacks), GFP_KERNEL);
	if (!thread->callbacks)
		return -ENOMEM;
	for (i = 0; i < pending; i++)
		thread->callbacks[i].thread = thread;
	return 0;
}

static ktime_t begin;

static int __init start_all(const struct cpumask *on)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < queuers.nr_threads && !err; i++)
		err = make_callbacks(&queuers.threads[i]);
	begin = ktime_get();
	if (!err)
		err = queue_others();
	if (!err)
		err = group_start(&readers, on);
	if (!err)
		err = group_start(&waiters, NULL);
	if (!err)
		err = group_start(&queuers, on);
	if (err)
		stop_all();
	return err;
}

static int __init check_parameters(void)
{
	if (queuers.nr_threads > MAX_THREADS || readers.nr_threads > MAX_THREADS ||
	    waiters.nr_threads > MAX_THREADS) {
		pr_err(MODULE_PREFIX "threads, readers and waiters must be at most %d each\n",
		       MAX_THREADS);
		return -EINVAL;
	}
	if (others > MAX_PENDING) {
		pr_err(MODULE_PREFIX "others must be at most %d\n", MAX_PENDING);
		return -EINVAL;
	}
	if (!pending || pending > MAX_PENDING) {
		pr_err(MODULE_PREFIX "pending must be 1 to %d\n", MAX_PENDING);
		return -EINVAL;
	}
	if (burst > pending) {
		pr_err(MODULE_PREFIX "burst must be at most pending, which is %u\n", pending);
		return -EINVAL;
	}
	if (!pause_ms) {
		pr_err(MODULE_PREFIX "pause_ms must be at least 1\n");
		return -EINVAL;
	}
	if (read_us > MAX_READ_US) {
		pr_err(MODULE_PREFIX "read_us must be at most %d\n", MAX_READ_US);
		return -EINVAL;
	}
	return 0;
}

static int __init rcu_load_init(void)
{
	cpumask_var_t on;
	int err = check_parameters();

	if (err)
		return err;
	if (!zalloc_cpumask_var(&on, GFP_KERNEL))
		return -ENOMEM;
	err = parse_cpus(cpus, on);
	if (!err)
		err = start_all(on);
	free_cpumask_var(on);
	return err;
}

static unsigned long per_second(unsigned long count, u64 elapsed_us)
{
	return mul_u64_u64_div_u64(count, USEC_PER_SEC, max_t(u64, elapsed_us, 1));
}

static void __exit rcu_load_exit(void)
{
	u64 us;

	stop_all();
	us = ktime_us_delta(ktime_get(), begin);
	pr_info(MODULE_PREFIX
		"queued=%lu invoked=%lu reads=%lu synchronize_rcu=%lu full=%lu elapsed_us=%llu "
		"invoked_per_second=%lu reads_per_second=%lu synchronize_rcu_per_second=%lu\n",
		nr_queued(), nr_invoked(), nr_reads(), nr_synchronize_rcu(), nr_full(), us,
		per_second(nr_invoked(), us), per_second(nr_reads(), us),
		per_second(nr_synchronize_rcu(), us));
}

module_init(rcu_load_init);
module_exit(rcu_load_exit);

MODULE_AUTHOR("the rcuscope authors");
MODULE_DESCRIPTION("A load on RCU that can be turned up, and counts what it does");
MODULE_LICENSE("GPL");
