/* SPDX-License-Identifier: BSD-2-Clause */
/* Only a function of the kernel is a callback, so the exit function need not wait. */
#include "module.h"

static int __init start(void) {
    struct obj* obj = kmalloc(sizeof(*obj));

    call_rcu(&obj->rcu, (rcu_callback_t)(void*)kfree);
    return 0;
}

static void __exit stop(void) {
    kfree(NULL);
}
module_init(start) module_exit(stop)
