/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_rcu_work() with an item that static data initializes. */
#include "module.h"

struct work {
    long data[3];
    void (*func)(struct work* work);
    struct rcu_head rcu;
    void* queue;
};
bool queue_rcu_work(void* queue, struct work* work);
bool flush_rcu_work(struct work* work);
void destroy_workqueue(void* queue);

static void* queue;

static void run(struct work* unused) {
    schedule_something();
}

static struct work work = {{1}, run};

static int __init start(void) {
    queue_rcu_work(queue, &work);
    return 0;
}

static void __exit stop(void) {
#ifdef FIX
#ifdef WITH_QUEUE
    rcu_barrier();
#else
    flush_rcu_work(&work);
#endif
#endif
    destroy_workqueue(queue);
    kfree(NULL);
}
module_init(start) module_exit(stop)
