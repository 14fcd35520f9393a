/* SPDX-License-Identifier: BSD-2-Clause */
/* Both call_rcu() and rcu_barrier() are tail calls; the exit function calls the function with the barrier. */
#include "module.h"

static void obj_free(struct rcu_head* head) {
    kfree(container_of(head, struct obj, rcu));
}

noinline void put(struct obj* obj) {
    call_rcu(&obj->rcu, obj_free);
}

static noinline void wait(void) {
    schedule_something();
    rcu_barrier();
}

static int __init start(void) {
    put(kmalloc(sizeof(struct obj)));
    return 0;
}

static void __exit stop(void) {
    kfree(NULL);
    wait();
}
module_init(start) module_exit(stop)
