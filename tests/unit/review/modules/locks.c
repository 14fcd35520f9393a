/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A read-side section that one path leaves open (WITH_LEAK), and code that only looks like it:
 * related conditions, functions that lock for their callers.
 */
#include "module.h"

struct ops {
    void* (*start)(long pos);
    void (*stop)(void* at);
    int (*check)(long value, bool locked);
};

#define rcu_read_lock() __rcu_read_lock()
#define rcu_read_unlock() __rcu_read_unlock()

#ifdef WITH_LEAK
#ifdef HIDDEN
static noinline int look(long value, bool locked);
int check(long value, bool locked) {
    return look(value, locked) + look(value + 1, locked);
}
#else
#define look check
#endif
noinline int look(long value, bool locked) {
    rcu_read_lock();
    schedule_something();
    if (value < 0) {
#ifdef FIX
        rcu_read_unlock();
#endif
        return -1;
    }
    schedule_something();
    rcu_read_unlock();
    return 0;
}
#endif

#ifdef WITH_CONDITIONS
int check(long value, bool locked) {
    bool took = 0;

    if (!locked)
        rcu_read_lock();
    schedule_something();
    if (value > 10) {
        rcu_read_lock();
        took = 1;
    }
    if (value > 100)
        schedule_something();
    if (took)
        rcu_read_unlock();
    if (!locked)
        rcu_read_unlock();
    return 0;
}
#endif

#ifdef WITH_HELPERS
static noinline void begin(void) {
    schedule_something();
    rcu_read_lock();
    barrier();
}

static noinline void end(void) {
    barrier();
    rcu_read_unlock();
}

int check(long value, bool locked) {
    begin();
    schedule_something();
    end();
    return 0;
}
#endif

#ifdef WITH_SEQUENCE
int check(long value, bool locked) {
    return 0;
}

static void* seq_start(long pos) {
    rcu_read_lock();
    schedule_something();
    if (pos < 0)
        return NULL;
    return kmalloc((size_t)pos);
}

static void seq_stop(void* at) {
    rcu_read_unlock();
    barrier();
}
#define SEQUENCE .start = seq_start, .stop = seq_stop,
#else
#define SEQUENCE
#endif

const struct ops ops = {SEQUENCE.check = check};

static int __init start(void) {
    return 0;
}

static void __exit stop(void) {
    kfree(NULL);
}
module_init(start) module_exit(stop)
