// SPDX-License-Identifier: GPL-2.0-only
/*
 * Like cache_call_rcu. On kernels where kmem_cache_destroy() waits for pending kfree_rcu(), this
 * wait also lasts until the callbacks have run.
 */
#include "case.h"

static struct kmem_cache *cache;

static void cache_free(struct rcu_head *rcu)
{
	kmem_cache_free(cache, container_of(rcu, struct object, rcu));
	atomic_inc(&run);
}

static int __init cache_lucky_init(void)
{
	cache = kmem_cache_create(KBUILD_MODNAME, sizeof(struct object), 8, SLAB_POISON, NULL);
	return cache ? 0 : -ENOMEM;
}

static void __exit cache_lucky_exit(void)
{
	struct object *object;
	int i;

	for (i = 0; i < 20; i++) {
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!object)
			break;
		atomic_inc(&queued);
		call_rcu(&object->rcu, cache_free);
	}
	object = kmalloc(sizeof(*object), GFP_KERNEL);
	if (object) {
		atomic_inc(&kfree_rcu_calls);
		kfree_rcu(object, rcu);
	}
#ifdef FIXED
	rcu_barrier();
	kmem_cache_destroy(cache);
#else
	kmem_cache_destroy(cache);
	rcu_barrier();
#endif
	log_counts();
}

CASE(cache_lucky_init, cache_lucky_exit, "kmem_cache_destroy() that waits by luck");
