/* SPDX-License-Identifier: BSD-2-Clause */
/* call_srcu() with rcu_barrier(), which does not wait for SRCU's callbacks. */
#include "module.h"

static long srcu[32];

static void obj_free(struct rcu_head* head) {
    kfree(container_of(head, struct obj, rcu));
}

static int __init start(void) {
    struct obj* obj = kmalloc(sizeof(*obj));

    call_srcu(srcu, &obj->rcu, obj_free);
    return 0;
}

static void __exit stop(void) {
#ifdef FIX
    srcu_barrier(srcu);
#else
    rcu_barrier();
#endif
    kfree(NULL);
}
module_init(start) module_exit(stop)
