/* SPDX-License-Identifier: BSD-2-Clause */
/* The module queues callbacks of its own, and its exit function waits only for readers. */
#include "module.h"

static void obj_free(struct rcu_head* head) {
    kfree(container_of(head, struct obj, rcu));
}

static noinline void put(struct obj* obj) {
    call_rcu(&obj->rcu, obj_free);
    barrier();
}

static int __init start(void) {
    return 0;
}

static void __exit stop(void) {
    put(kmalloc(sizeof(struct obj)));
#ifdef FIX
    rcu_barrier();
#else
    synchronize_rcu();
#endif
    schedule_something();
}
module_init(start) module_exit(stop)
