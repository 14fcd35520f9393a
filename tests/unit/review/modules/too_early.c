/* SPDX-License-Identifier: BSD-2-Clause */
/* The exit function queues a callback after rcu_barrier(), two calls deep. */
#include "module.h"

static struct obj* last;

static void obj_free(struct rcu_head* head) {
    kfree(container_of(head, struct obj, rcu));
}

static noinline void put(struct obj* obj) {
    call_rcu(&obj->rcu, obj_free);
    barrier();
}

static noinline void drop_all(void) {
    if (last)
        put(last);
}

static int __init start(void) {
    last = kmalloc(sizeof(*last));
    return 0;
}

static void __exit stop(void) {
#ifdef FIX
    drop_all();
    rcu_barrier();
#else
    rcu_barrier();
    drop_all();
#endif
    kfree(NULL);
}
module_init(start) module_exit(stop)
