// SPDX-License-Identifier: GPL-2.0-only
/* A cache is destroyed while kfree_rcu() has objects of it: rcu_barrier() does not wait for those.
 */
#include <linux/delay.h>

#include "case.h"

static struct kmem_cache *cache;

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
		atomic_inc(&kfree_rcu_calls);
		kfree_rcu(object, rcu);
	}
	rcu_barrier();
#ifdef FIXED
	/* Before kvfree_rcu_barrier() there was only time: a timer passes objects to RCU. */
	synchronize_rcu();
	msleep(300);
	rcu_barrier();
	synchronize_rcu();
	msleep(300);
#endif
	kmem_cache_destroy(cache);
	log_counts();
}

CASE(cache_kfree_rcu_init, cache_kfree_rcu_exit, "kmem_cache_destroy() after kfree_rcu()");
