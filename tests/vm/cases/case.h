/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by all cases: objects that RCU frees, and the counts that a case logs.
 *
 * A case is a module with a known right answer to "is it safe to unload?". Most cases are built
 * twice: as they are, and as NAME_fixed with FIXED defined, which is correct. At the end of its
 * exit function a case logs
 *
 *   NAME: queued=N run=N sections=N kfree_rcu=N
 *
 * These are calls of call_rcu(), callbacks of its own that have run, read-side sections, and
 * calls of kfree_rcu(). The first three are also module parameters.
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

/* barrier() keeps gcc from making call_rcu() a tail call; other cases test tail calls. */
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
