// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two threads read a value that a writer replaces at random times.
 *
 * Readers read the value under rcu_read_lock(). The writer publishes a new one with
 * rcu_replace_pointer() and frees the old one with call_rcu(). All three run until the module is
 * unloaded.
 *
 * Parameters: reader_ms, time between two reads of a reader; writer_ms, maximum time between two
 * updates.
 *
 * Counts logged at exit: "reads" is the number of read-side sections, all in read_value(). The
 * first value does not count as an update, but it counts as freed.
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "common.h"

#define NR_READERS 2
#define MAX_VALUE  100

static unsigned int reader_ms = 1000;
module_param(reader_ms, uint, 0444);
MODULE_PARM_DESC(reader_ms, "Milliseconds between two reads of a reader (default 1000)");

static unsigned int writer_ms = 2000;
module_param(writer_ms, uint, 0444);
MODULE_PARM_DESC(writer_ms, "Most milliseconds between two updates (default 2000)");

struct sample {
	u32 value;
	struct rcu_head rcu;
};

/* Only the writer changes it once it runs. */
static struct sample __rcu *current_sample;

static atomic_long_t nr_reads;
static atomic_long_t nr_updates;
static atomic_long_t nr_freed;

static struct task_struct *readers[NR_READERS];
static struct task_struct *writer;

static void sample_free(struct sample *sample)
{
	kfree(sample);
	atomic_long_inc(&nr_freed);
}

static void sample_free_rcu(struct rcu_head *rcu)
{
	sample_free(container_of(rcu, struct sample, rcu));
}

static struct sample *sample_new(void)
{
	struct sample *sample = kmalloc(sizeof(*sample), GFP_KERNEL);

	if (sample)
		sample->value = get_random_u32_inclusive(1, MAX_VALUE);
	return sample;
}

static noinline __noclone u32 read_value(void)
{
	u32 value;

	atomic_long_inc(&nr_reads);

	rcu_read_lock();
	value = rcu_dereference(current_sample)->value;
	rcu_read_unlock();

	return value;
}

static noinline __noclone int replace_value(void)
{
	struct sample *new = sample_new();
	struct sample *old;

	if (!new)
		return -ENOMEM;
	old = rcu_replace_pointer(current_sample, new, true);
	atomic_long_inc(&nr_updates);
	call_rcu(&old->rcu, sample_free_rcu);
	return 0;
}

static int reader_fn(void *unused)
{
	do {
		u32 value = read_value();

		pr_info("READER-%d:%u(%lu)\n", task_pid_nr(current), value, jiffies);
	} while (thread_pause_ms(reader_ms));

	return 0;
}

/* Without memory the old value stays, and the writer tries again later. */
static int writer_fn(void *unused)
{
	while (thread_pause_ms(get_random_u32_inclusive(1, writer_ms))) {
		if (replace_value())
			pr_err(MODULE_PREFIX "no memory for a value\n");
	}
	return 0;
}

/* The last value has no readers any more, so it is freed at once. */
static void stop_all(void)
{
	int i;

	if (writer)
		thread_stop(writer);
	for (i = 0; i < NR_READERS; i++) {
		if (readers[i])
			thread_stop(readers[i]);
	}
	sample_free(rcu_replace_pointer(current_sample, NULL, true));

	/* Waits because sample_free_rcu() is code of this module. */
	rcu_barrier();
}

static int __init start(struct task_struct **thread, int (*fn)(void *), const char *name)
{
	struct task_struct *task = thread_start(fn, name);

	if (IS_ERR(task))
		return PTR_ERR(task);
	*thread = task;
	return 0;
}

static int __init rcu_readers_init(void)
{
	struct sample *first;
	int err;

	if (!reader_ms || !writer_ms) {
		pr_err(MODULE_PREFIX "reader_ms and writer_ms must be at least 1\n");
		return -EINVAL;
	}

	first = sample_new();
	if (!first)
		return -ENOMEM;
	rcu_assign_pointer(current_sample, first);

	pr_info("--- RCU sample module start ---\n");
	err = start(&readers[0], reader_fn, "rcu_reader1");
	if (!err)
		err = start(&readers[1], reader_fn, "rcu_reader2");
	if (!err)
		err = start(&writer, writer_fn, "rcu_writer");
	if (err)
		stop_all();
	return err;
}

static void __exit rcu_readers_exit(void)
{
	stop_all();
	pr_info(MODULE_PREFIX "reads=%ld updates=%ld freed=%ld\n", atomic_long_read(&nr_reads),
		atomic_long_read(&nr_updates), atomic_long_read(&nr_freed));
}

module_init(rcu_readers_init);
module_exit(rcu_readers_exit);

MODULE_AUTHOR("the rcuscope authors");
MODULE_DESCRIPTION("Two RCU readers of a value that a writer replaces at random times");
MODULE_LICENSE("GPL");
