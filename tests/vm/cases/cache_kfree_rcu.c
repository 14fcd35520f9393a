// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exit function destroys a cache while kfree_rcu() holds objects of it; rcu_barrier() does not
 * wait for kfree_rcu().
 */
#include "case.h"

static struct kmem_cache *cache;

#ifdef FIXED
/* Not all kernels have kvfree_rcu_barrier(). */
static void cache_free(struct rcu_head *rcu)
{
	kmem_cache_free(cache, container_of(rcu, struct object, rcu));
	atomic_inc(&run);
}
#endif

static int __init cache_kfree_rcu_init(void)
{
	/* The flag keeps the cache from being merged with another one. */
	cache = kmem_cache_create(KBUILD_MODNAME, sizeof(struct object), 8, SLAB_POISON, NULL);
	return cache ? 0 : -ENOMEM;
}

static void __exit cache_kfree_rcu_exit(void)
{
	struct object *object;
	int i;

	for (i = 0; i < 7; i++) {
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!object)
			break;
#ifdef FIXED
		atomic_inc(&queued);
		call_rcu(&object->rcu, cache_free);
#else
		atomic_inc(&kfree_rcu_calls);
		kfree_rcu(object, rcu);
#endif
	}
	rcu_barrier();
	kmem_cache_destroy(cache);
	log_counts();
}

CASE(cache_kfree_rcu_init, cache_kfree_rcu_exit, "kmem_cache_destroy() after kfree_rcu()");
