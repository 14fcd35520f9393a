// SPDX-License-Identifier: GPL-2.0-only
/*
 * Callbacks that are pending when their module is unloaded, and all ways to deal with them.
 *
 * There is one shared pointer. Reader 1 reads it often; reader 2 repeatedly holds one long
 * read-side section. The writer publishes the next value and frees the old node with call_rcu().
 * Deletions therefore come in bursts, after reader 2 has left a section.
 *
 * Parameters:
 *   reader_ms, writer_ms  pauses of readers and writer
 *   long_read_ms          length of a section of reader 2
 *   unload                how the exit handles pending callbacks (unload.h)
 *   backlog               number of extra callbacks that the exit queues, on
 *                         another CPU than its own. free_module() waits for a
 *                         grace period, but then only the callbacks of its own
 *                         CPU have run. With unload=synchronize this many nodes
 *                         are freed after one synchronize_rcu() instead.
 *   callback_us           duration of each callback. Default 0, with a backlog
 *                         100: quick callbacks might all have run when the
 *                         module's memory is freed.
 *   stop                  writable: 1 ends the writer. It queues the backlog
 *                         before it ends, so the exit does not. With
 *                         unload=modref rmmod fails while a callback is
 *                         pending, which is almost always the case while the
 *                         writer runs: set stop, wait until
 *                         /sys/module/rcu_unload/refcnt is 0, then unload.
 *   misuse                a bug that the kernel must survive, once. double:
 *                         queues a pending node a second time. block: sleeps in
 *                         a read-side section.
 *
 * Counts logged at exit: "reads" is the number of read-side sections, "queued" is the number of
 * call_rcu() calls, "deleted" is the number of freed nodes.
 */
#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "choice.h"
#include "common.h"
#include "unload.h"

/* Most kernels are configured to report a section of 21 s as a stall. */
#define MAX_LONG_READ_MS    10000
/* Callbacks run with bottom halves disabled, which blocks other work on that CPU. */
#define MAX_CALLBACK_US	    1000
#define BACKLOG_CALLBACK_US 100

static unsigned int reader_ms = 30;
module_param(reader_ms, uint, 0444);
MODULE_PARM_DESC(reader_ms, "Milliseconds between two sections of a reader (default 30)");

static unsigned int writer_ms = 100;
module_param(writer_ms, uint, 0444);
MODULE_PARM_DESC(writer_ms, "Milliseconds between two updates (default 100, at least 1)");

static unsigned int long_read_ms = 1500;
module_param(long_read_ms, uint, 0444);
MODULE_PARM_DESC(long_read_ms, "Milliseconds of a section of reader 2 (default 1500, 1 to 10000)");

static unsigned int backlog;
module_param(backlog, uint, 0444);
MODULE_PARM_DESC(backlog,
		 "Callbacks queued besides, at exit or by stop, on another CPU (default 0)");

static int callback_us = -1;
module_param(callback_us, int, 0444);
MODULE_PARM_DESC(callback_us,
		 "Microseconds per callback (default 0, with a backlog 100; at most 1000)");

enum misuse {
	MISUSE_NONE,
	MISUSE_DOUBLE,
	MISUSE_BLOCK,
};

static const char *const misuse_words[] = {
	[MISUSE_NONE] = "none",
	[MISUSE_DOUBLE] = "double",
	[MISUSE_BLOCK] = "block",
};

static struct choice misuse = {
	.words = misuse_words,
	.nr_words = ARRAY_SIZE(misuse_words),
	.chosen = MISUSE_NONE,
};
module_param_cb(misuse, &choice_ops, &misuse, 0444);
MODULE_PARM_DESC(misuse, "none (default), double (call_rcu() twice) or block (sleep in a section)");

static bool stop;

static int stop_set(const char *word, const struct kernel_param *param)
{
	int err = param_set_bool(word, param);

	wake_up(&wait);
	return err;
}

static const struct kernel_param_ops stop_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = stop_set,
	.get = param_get_bool,
};
module_param_cb(stop, &stop_ops, &stop, 0644);
MODULE_PARM_DESC(stop, "1 ends the writer, which queues the backlog before (default 0)");

struct unload_node {
	int a;
	union {
		struct rcu_head rcu;
		struct llist_node link; /* nodes that wait together, without callbacks */
	};
};

/* Only the writer changes it while it runs. */
static struct unload_node __rcu *shared;

/* The writer sets it; the exit reads it after the writer has ended. */
static bool backlog_queued;

static atomic_long_t nr_reads;
static atomic_long_t nr_updates;
static atomic_long_t nr_queued;
static atomic_long_t nr_deleted;

static struct task_struct *reader1;
static struct task_struct *reader2;
static struct task_struct *writer;

static struct unload_node *node_new(int a)
{
	struct unload_node *node = kmalloc(sizeof(*node), GFP_KERNEL);

	if (node)
		node->a = a;
	return node;
}

static void node_free(struct unload_node *node)
{
	kfree(node);
	atomic_long_inc(&nr_deleted);
}

/*
 * udelay() depends on the TSC, whose rate is unreliable on an emulated CPU. Callbacks could then be
 * too quick.
 */
static void take_time(void)
{
	ktime_t end = ktime_add_us(ktime_get(), callback_us);

	while (ktime_before(ktime_get(), end))
		cpu_relax();
}

static noinline __noclone void rcu_del(struct rcu_head *rcu)
{
	struct unload_node *node = container_of(rcu, struct unload_node, rcu);

	take_time();
	pr_info("%s: a=%d\n", __func__, node->a);
	node_free(node);
	unload_callback_done();
}

/* Like rcu_del(), but logs nothing: there may be many thousands of callbacks. */
static noinline __noclone void backlog_del(struct rcu_head *rcu)
{
	take_time();
	node_free(container_of(rcu, struct unload_node, rcu));
	unload_callback_done();
}

/* Inline for the reason in unload.h. */
static __always_inline bool node_queue(struct unload_node *node, rcu_callback_t callback)
{
	if (!unload_call_rcu(&node->rcu, callback))
		return false;
	atomic_long_inc(&nr_queued);
	return true;
}

static __always_inline void node_retire(struct unload_node *node)
{
	if (node_queue(node, rcu_del))
		return;
	synchronize_rcu();
	pr_info("rcu_writer: delete a=%d\n", node->a);
	node_free(node);
}

static noinline __noclone int read_short(void)
{
	int a;

	atomic_long_inc(&nr_reads);

	rcu_read_lock();
	a = rcu_dereference(shared)->a;
	rcu_read_unlock();

	return a;
}

/* Spins, since sleeping would end the section early. It may be preempted. */
static noinline __noclone int read_long(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(long_read_ms);
	struct unload_node *node;
	int a;

	atomic_long_inc(&nr_reads);

	rcu_read_lock();
	node = rcu_dereference(shared);
	while (time_before(jiffies, end) && !kthread_should_stop())
		cpu_relax();
	/* The node may have been replaced long ago, but it is not freed. */
	a = READ_ONCE(node->a);
	rcu_read_unlock();

	return a;
}

/* The bug of misuse=block. */
static noinline __noclone void read_blocking(void)
{
	atomic_long_inc(&nr_reads);

	rcu_read_lock();
	msleep(20);
	rcu_read_unlock();
}

static int reader1_fn(void *unused)
{
	if (misuse.chosen == MISUSE_BLOCK)
		read_blocking();

	do {
		pr_info("rcu_reader1: read a=%d\n", read_short());
	} while (thread_pause_ms(reader_ms));

	return 0;
}

static int reader2_fn(void *unused)
{
	do {
		pr_info("rcu_reader2: read a=%d\n", read_long());
	} while (thread_pause_ms(reader_ms));

	return 0;
}

/* Without memory the old value stays, and the writer tries again later. */
static noinline __noclone void write_next(void)
{
	struct unload_node *old = rcu_dereference_protected(shared, true);
	struct unload_node *new = node_new(old->a + 1);

	if (!new) {
		pr_err(MODULE_PREFIX "no memory for a node\n");
		return;
	}
	pr_info("rcu_writer: write to new %d\n", new->a);
	rcu_assign_pointer(shared, new);
	atomic_long_inc(&nr_updates);
	node_retire(old);
}

static void free_together(struct llist_node *first)
{
	struct unload_node *node, *next;

	if (!first)
		return;
	synchronize_rcu();
	llist_for_each_entry_safe(node, next, first, link)
		node_free(node);
}

static long backlog_queue(void *unused)
{
	LLIST_HEAD(unqueued);
	unsigned int i;

	for (i = 0; i < backlog; i++) {
		struct unload_node *node = node_new(0);

		if (!node)
			break;
		if (!node_queue(node, backlog_del))
			llist_add(&node->link, &unqueued);
	}
	if (i < backlog)
		pr_err(MODULE_PREFIX "no memory for more than %u of the backlog\n", i);
	free_together(unqueued.first);
	return 0;
}

/* Returns the CPU: another one than the current CPU, if there is one. */
static unsigned int backlog_queue_elsewhere(void)
{
	unsigned int cpu;

	cpus_read_lock();
	cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	if (cpu >= nr_cpu_ids)
		cpu = raw_smp_processor_id();
	work_on_cpu(cpu, backlog_queue, NULL);
	cpus_read_unlock();
	return cpu;
}

static struct rcu_head misused, sacrificed;

static noinline __noclone void misused_del(struct rcu_head *rcu)
{
	pr_info(MODULE_PREFIX "misuse: the callback has run\n");
}

/*
 * The bug of misuse=double. Queueing the last node of a list again would turn the list into a ring.
 * Therefore another node goes in between, which RCU then loses. All three calls must be on the same
 * CPU, and no callback may run in between. Both nodes are static: RCU's list may contain them, and
 * it ends at the first one.
 */
static noinline __noclone void queue_twice(void)
{
	local_irq_disable();
	call_rcu(&misused, misused_del);
	call_rcu(&sacrificed, misused_del);
	call_rcu(&misused, misused_del);
	local_irq_enable();
	atomic_long_add(3, &nr_queued);

	/* Ends here and not in the exit, whose handling of callbacks may vary. */
	rcu_barrier();
}

static bool writer_pause(void)
{
	wait_event_idle_timeout(wait, kthread_should_stop() || READ_ONCE(stop),
				msecs_to_jiffies(writer_ms));
	return !kthread_should_stop() && !READ_ONCE(stop);
}

static int writer_fn(void *unused)
{
	if (misuse.chosen == MISUSE_DOUBLE)
		queue_twice();

	while (writer_pause())
		write_next();

	if (backlog && !kthread_should_stop()) {
		backlog_queue_elsewhere();
		backlog_queued = true;
	}
	return 0;
}

static int __init check_parameters(void)
{
	if (!reader_ms || !writer_ms) {
		pr_err(MODULE_PREFIX "reader_ms and writer_ms must be at least 1\n");
		return -EINVAL;
	}
	if (!long_read_ms || long_read_ms > MAX_LONG_READ_MS) {
		pr_err(MODULE_PREFIX "long_read_ms must be 1 to %d\n", MAX_LONG_READ_MS);
		return -EINVAL;
	}
	if (callback_us == -1)
		callback_us = backlog ? BACKLOG_CALLBACK_US : 0;
	if (callback_us < 0 || callback_us > MAX_CALLBACK_US) {
		pr_err(MODULE_PREFIX "callback_us must be 0 to %d\n", MAX_CALLBACK_US);
		return -EINVAL;
	}
	return 0;
}

static int __init rcu_unload_init(void)
{
	struct unload_node *first;
	int err = check_parameters();

	if (err)
		return err;
	first = node_new(0);
	if (!first)
		return -ENOMEM;
	rcu_assign_pointer(shared, first);

	/* Start the writer last: no callback is queued before that. */
	reader1 = thread_start(reader1_fn, "rcu_reader1");
	if (IS_ERR(reader1)) {
		err = PTR_ERR(reader1);
		goto free_first;
	}
	reader2 = thread_start(reader2_fn, "rcu_reader2");
	if (IS_ERR(reader2)) {
		err = PTR_ERR(reader2);
		goto stop_reader1;
	}
	writer = thread_start(writer_fn, "rcu_writer");
	if (IS_ERR(writer)) {
		err = PTR_ERR(writer);
		goto stop_reader2;
	}
	return 0;

stop_reader2:
	thread_stop(reader2);
stop_reader1:
	thread_stop(reader1);
free_first:
	kfree(first);
	return err;
}

static void __exit rcu_unload_exit(void)
{
	/* The writer may wait for the readers' sections. */
	thread_stop(reader2);
	thread_stop(reader1);
	thread_stop(writer);

	node_retire(rcu_replace_pointer(shared, NULL, true));
	if (backlog && !backlog_queued) {
		unsigned int cpu = backlog_queue_elsewhere();
		cpumask_var_t others;

		/*
		 * Keep this task off the backlog's CPU until free_module(), which would otherwise
		 * wait for the backlog.
		 */
		if (alloc_cpumask_var(&others, GFP_KERNEL)) {
			cpumask_copy(others, current->cpus_ptr);
			cpumask_clear_cpu(cpu, others);
			set_cpus_allowed_ptr(current, others);
			free_cpumask_var(others);
		}
	}
	/* Waits because the callbacks are code of this module. */
	unload_wait();

	pr_info(MODULE_PREFIX "reads=%ld updates=%ld queued=%ld deleted=%ld\n",
		atomic_long_read(&nr_reads), atomic_long_read(&nr_updates),
		atomic_long_read(&nr_queued), atomic_long_read(&nr_deleted));
}

module_init(rcu_unload_init);
module_exit(rcu_unload_exit);

MODULE_AUTHOR("the rcuscope authors");
MODULE_DESCRIPTION("Callbacks that are pending when their module is unloaded");
MODULE_LICENSE("GPL");
