/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that queues callbacks runs until it is stopped, which happens after rcu_barrier(). It is a
 * timer that is set up at run time, a work item that is initialized at compile time or at run
 * time, or a thread.
 */
#include "module.h"

struct work {
    long data[3];
    void (*func)(struct work* work);
};
struct timer {
    long data[8];
};
void init_timer_key(struct timer* timer, void (*func)(struct timer*), unsigned int flags);
int timer_delete_sync(struct timer* timer);
int cancel_work_sync(struct work* work);
void* kthread_create_on_node(int (*func)(void*), void* data, int node, const char* name);
int kthread_stop(void* task);

static void obj_free(struct rcu_head* head) {
    kfree(container_of(head, struct obj, rcu));
}

static noinline void put(struct obj* obj) {
    call_rcu(&obj->rcu, obj_free);
    barrier();
}

#ifdef WITH_TIMER
static struct timer timer;
static void run(struct timer* unused) {
    put(kmalloc(sizeof(struct obj)));
}
#define start_it() init_timer_key(&timer, run, 0)
#define stop_it() timer_delete_sync(&timer)
#endif
#ifdef WITH_WORK
static void run(struct work* unused) {
    put(kmalloc(sizeof(struct obj)));
}
#ifdef AT_RUN_TIME
static struct work work;
#define start_it() (work.func = run)
#else
static struct work work = {{1}, run};
#define start_it() schedule_something()
#endif
#define stop_it() cancel_work_sync(&work)
#endif
#ifdef WITH_THREAD
static void* task;
static int run(void* unused) {
    put(kmalloc(sizeof(struct obj)));
    return 0;
}
#define start_it() (task = kthread_create_on_node(run, NULL, -1, "runner"))
#define stop_it() kthread_stop(task)
#endif

static int __init start(void) {
    start_it();
    return 0;
}

static void __exit stop(void) {
#ifdef FIX
    stop_it();
    rcu_barrier();
#else
    rcu_barrier();
    stop_it();
#endif
    kfree(NULL);
}
module_init(start) module_exit(stop)
