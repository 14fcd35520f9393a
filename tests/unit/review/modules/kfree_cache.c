/* SPDX-License-Identifier: BSD-2-Clause */
/* The exit function destroys a cache whose objects kfree_rcu() frees. */
#include "module.h"

static void* cache;

static int __init start(void) {
    struct obj* obj;

    cache = kmem_cache_create();
    obj = kmem_cache_alloc(cache, 0);
    kvfree_call_rcu(&obj->rcu, obj);
    return 0;
}

static void __exit stop(void) {
    rcu_barrier();
#ifdef FIX
    msleep(300);
#endif
    kmem_cache_destroy(cache);
    kfree(NULL);
}
module_init(start) module_exit(stop)
