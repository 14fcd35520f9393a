/* SPDX-License-Identifier: BSD-2-Clause */
/* The exit function destroys a cache before it waits for the callbacks that free its objects. */
#include "module.h"

static void* cache;

static void obj_free(struct rcu_head* head) {
    kmem_cache_free(cache, container_of(head, struct obj, rcu));
}

static int __init start(void) {
    struct obj* obj;

    cache = kmem_cache_create();
    obj = kmem_cache_alloc(cache, 0);
    call_rcu(&obj->rcu, obj_free);
    return 0;
}

static void __exit stop(void) {
#ifdef FIX
    rcu_barrier();
    kmem_cache_destroy(cache);
#else
    kmem_cache_destroy(cache);
    rcu_barrier();
#endif
    kfree(NULL);
}
module_init(start) module_exit(stop)
