/* SPDX-License-Identifier: BSD-2-Clause */
/* A library with neither an init nor an exit function. */
#include "module.h"

static void obj_free(struct rcu_head* head) {
    kfree(container_of(head, struct obj, rcu));
}

void put(struct obj* obj) {
    call_rcu(&obj->rcu, obj_free);
    barrier();
}
#ifdef FIX
static int __init start(void) {
    return 0;
}
module_init(start)
#endif
