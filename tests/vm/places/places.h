/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules with many sites to probe. Each counts its calls without a probe, and queues callbacks
 * in its exit function without waiting for them.
 */
#ifndef PLACES_PLACES_H
#define PLACES_PLACES_H

#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

struct object {
	struct rcu_head rcu;
};

static unsigned long calls;
static unsigned long sections;

static __maybe_unused void object_free(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct object, rcu));
}

static __maybe_unused void objects_queue(int count)
{
	while (count--) {
		struct object *object = kzalloc(sizeof(*object), GFP_KERNEL);

		if (object)
			call_rcu(&object->rcu, object_free);
	}
}

static inline void log_counts(void)
{
	pr_info("%s: calls=%lu sections=%lu\n", KBUILD_MODNAME, READ_ONCE(calls),
		READ_ONCE(sections));
}

/* Expands "what" 8 or 64 times, each time with a different number. */
#define TIMES_8(what, n)                                                                           \
	what(n##0) what(n##1) what(n##2) what(n##3) what(n##4) what(n##5) what(n##6) what(n##7)
#define TIMES_64(what, n)                                                                          \
	TIMES_8(what, n##0)                                                                        \
	TIMES_8(what, n##1)                                                                        \
	TIMES_8(what, n##2)                                                                        \
	TIMES_8(what, n##3)                                                                        \
	TIMES_8(what, n##4)                                                                        \
	TIMES_8(what, n##5)                                                                        \
	TIMES_8(what, n##6)                                                                        \
	TIMES_8(what, n##7)

#define PLACES(init, exit, description)                                                            \
	module_init(init);                                                                         \
	module_exit(exit);                                                                         \
	MODULE_DESCRIPTION(description);                                                           \
	MODULE_LICENSE("Dual BSD/GPL")

#endif
