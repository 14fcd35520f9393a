/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel can call the module until it is unregistered, which happens after rcu_barrier(). With
 * an owner the kernel does not call a module that is being unloaded.
 */
#include "module.h"

struct ops {
    const char* name;
    struct module* owner;
    void (*put)(struct obj* obj);
};
void unregister_something(const struct ops* ops);

static void obj_free(struct rcu_head* head) {
    kfree(container_of(head, struct obj, rcu));
}

static void put(struct obj* obj) {
    call_rcu(&obj->rcu, obj_free);
    barrier();
}

static struct ops ops = {
    .name = "ops",
#ifdef FIX
    .owner = THIS_MODULE,
#endif
    .put = put,
};
/* modpost adds this. */
struct module __this_module __attribute__((section(".gnu.linkonce.this_module"), used)) = {{1}};

static int __init start(void) {
    return 0;
}

static void __exit stop(void) {
    rcu_barrier();
    unregister_something(&ops);
    kfree(NULL);
}
module_init(start) module_exit(stop)
