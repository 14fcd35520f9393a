/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways to wait that review cannot judge from the file: a completion, a counter that is polled, a
 * call through a pointer, a reference that the callback drops, and functions of the kernel that
 * wait by themselves, always or under a condition.
 */
#include "module.h"

void module_put(struct module* module);
void unregister_pernet_subsys(void* ops);
void rtnl_unlock(void);
void msleep(unsigned int ms);
void msleep_interruptible(unsigned int ms);

static long done[4];
void (*pointer)(void);

static void obj_free(struct rcu_head* head) {
    kfree(container_of(head, struct obj, rcu));
#ifdef WITH_COMPLETION
    complete(done);
#endif
#ifdef WITH_COUNT
    done[0]--;
#endif
#ifdef WITH_REFERENCE
    module_put(THIS_MODULE);
#endif
}

#ifdef WITH_COUNT
static noinline void look_later(void) {
    msleep(1);
}
#endif

static int __init start(void) {
    struct obj* obj = kmalloc(sizeof(*obj));

    call_rcu(&obj->rcu, obj_free);
    return 0;
}

static void __exit stop(void) {
#ifdef WITH_COMPLETION
    wait_for_completion(done);
#endif
#ifdef WITH_COUNT
    while (*(volatile long*)done)
        look_later();
    msleep_interruptible(1);
#endif
#ifdef WITH_POINTER
    pointer();
#endif
#ifdef WITH_PERNET
    unregister_pernet_subsys(done);
#endif
#ifdef WITH_CONDITION
    rtnl_unlock();
#endif
    kfree(NULL);
}
module_init(start) module_exit(stop)
