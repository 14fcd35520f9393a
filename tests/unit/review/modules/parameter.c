/* SPDX-License-Identifier: BSD-2-Clause */
/* The callback is a parameter of put(), and the callers pass several functions. */
#include "module.h"

static void obj_free(struct rcu_head* head) {
    kfree(container_of(head, struct obj, rcu));
}

static void obj_drop(struct rcu_head* head) {
    kfree(container_of(head, struct obj, rcu));
    schedule_something();
}

static noinline void put(struct obj* obj, rcu_callback_t func) {
    schedule_something();
    call_rcu(&obj->rcu, func);
    barrier();
}

static int __init start(void) {
    put(kmalloc(sizeof(struct obj)), obj_free);
    put(kmalloc(sizeof(struct obj)), obj_drop);
    put(kmalloc(sizeof(struct obj)), (rcu_callback_t)(void*)kfree);
    return 0;
}

static void __exit stop(void) {
#ifdef FIX
    rcu_barrier();
#endif
    kfree(NULL);
}
module_init(start) module_exit(stop)
