/* SPDX-License-Identifier: BSD-2-Clause */
/* The callback's code is freed with the init function. */
#include "module.h"

static struct obj obj;

static void __init obj_done(struct rcu_head* head) {
    barrier();
}

static int __init start(void) {
    call_rcu(&obj.rcu, obj_done);
#ifdef FIX
    rcu_barrier();
#endif
    schedule_something();
    return 0;
}

static void __exit stop(void) {
    rcu_barrier();
    kfree(NULL);
}
module_init(start) module_exit(stop)
