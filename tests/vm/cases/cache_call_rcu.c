// SPDX-License-Identifier: GPL-2.0-only
/* The exit function destroys a cache while callbacks that free its objects are pending. */
#include "case.h"

static struct kmem_cache *cache;

static void cache_free(struct rcu_head *rcu)
{
	kmem_cache_free(cache, container_of(rcu, struct object, rcu));
	atomic_inc(&run);
}

static int __init cache_call_rcu_init(void)
{
	cache = kmem_cache_create(KBUILD_MODNAME, sizeof(struct object), 8, SLAB_POISON, NULL);
	return cache ? 0 : -ENOMEM;
}

static void __exit cache_call_rcu_exit(void)
{
	struct object *object;
	int i;

	for (i = 0; i < 5; i++) {
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!object)
			break;
		atomic_inc(&queued);
		call_rcu(&object->rcu, cache_free);
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

CASE(cache_call_rcu_init, cache_call_rcu_exit, "kmem_cache_destroy() before rcu_barrier()");
