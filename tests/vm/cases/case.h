/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the cases share: objects that RCU frees, and what a case counts of itself.
 *
 * A case is a module with a known right answer to "is it safe to unload?". Most are built twice:
 * as they are, and with FIXED defined as NAME_fixed, which does it right. A case logs
 *
 *   NAME: queued=N run=N sections=N kfree_rcu=N
 *
 * at the end of its exit function: calls of call_rcu(), callbacks of its own that have run,
 * read-side sections, calls of kfree_rcu(). The first three are parameters, too.
 */
#ifndef CASES_CASE_H
#define CASES_CASE_H

#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

struct object {
	long value;
	struct rcu_head rcu;
};

static atomic_t queued;
static atomic_t run;
static atomic_t sections;
static atomic_t kfree_rcu_calls;
module_param_named(queued, queued.counter, int, 0444);
module_param_named(run, run.counter, int, 0444);
module_param_named(sections, sections.counter, int, 0444);

static inline void log_counts(void)
{
	pr_info("%s: queued=%d run=%d sections=%d kfree_rcu=%d\n", KBUILD_MODNAME,
		atomic_read(&queued), atomic_read(&run), atomic_read(&sections),
		atomic_read(&kfree_rcu_calls));
}

/* The callback of most cases. */
static __maybe_unused void object_free(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct object, rcu));
	atomic_inc(&run);
}

/* barrier() keeps gcc from making the last call a jump: those are cases of their own. */
static __maybe_unused noinline __noclone void object_queue(rcu_callback_t callback)
{
	struct object *object = kzalloc(sizeof(*object), GFP_ATOMIC);

	if (!object)
		return;
	atomic_inc(&queued);
	call_rcu(&object->rcu, callback);
	barrier();
}

static inline void objects_queue(int count)
{
	while (count--)
		object_queue(object_free);
}

#define CASE(init, exit, description)                                                              \
	module_init(init);                                                                         \
	module_exit(exit);                                                                         \
	MODULE_DESCRIPTION(description);                                                           \
	MODULE_LICENSE("GPL")

#endif
