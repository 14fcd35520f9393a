// SPDX-License-Identifier: BSD-2-Clause
/*
 * Readers that wait for locks within their sections, and one that sleeps there.
 *
 * With PREEMPT_RT a task that waits for a spinlock_t or an rwlock_t leaves the CPU. The kernel counts
 * that as a voluntary context switch of the task (nvcsw), so the module counts exactly how often each
 * of its sections left the CPU.
 *
 * Counts logged at exit: "sections" of all readers; "spin", "write", "read" and "bh" are the times
 * that a section left the CPU in spin_lock(), write_lock(), read_lock() and spin_lock_bh(), "slept"
 * those in msleep(), and "mutex" those in mutex_lock(); the last two are bugs.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>

#define ROUNDS 40

static DEFINE_SPINLOCK(spin);
static DEFINE_SPINLOCK(bottom);
static DEFINE_RWLOCK(both);
static DEFINE_MUTEX(mutex);

static unsigned long sections, in_spin, in_bh, in_write, in_read, slept, in_mutex;

static bool sleep;
module_param(sleep, bool, 0444);
MODULE_PARM_DESC(sleep, "Whether readers also sleep and wait for a mutex, which is a bug");

static struct task_struct *reader, *holder;

/* Takes the time that the reader needs to find the lock taken. */
static void hold(void) {
    ktime_t end = ktime_add_us(ktime_get(), 2000);

    while (ktime_before(ktime_get(), end))
        cpu_relax();
}

static int hold_locks(void* unused) {
    while (!kthread_should_stop()) {
        spin_lock(&spin);
        hold();
        spin_unlock(&spin);
        write_lock(&both);
        hold();
        write_unlock(&both);
        read_lock(&both);
        hold();
        read_unlock(&both);
        spin_lock_bh(&bottom);
        hold();
        spin_unlock_bh(&bottom);
        mutex_lock(&mutex);
        hold();
        mutex_unlock(&mutex);
        cond_resched();
    }
    return 0;
}

/* Each in a function of its own, by whose name the recording tells the sections apart. */
#define LOCK_READER(name, count, take, release)                                                                        \
    static noinline __noclone void name(void) {                                                                        \
        unsigned long before;                                                                                          \
                                                                                                                       \
        sections++;                                                                                                    \
        rcu_read_lock();                                                                                               \
        before = current->nvcsw;                                                                                       \
        take;                                                                                                          \
        count += current->nvcsw - before;                                                                              \
        release;                                                                                                       \
        rcu_read_unlock();                                                                                             \
    }

LOCK_READER(read_spin, in_spin, spin_lock(&spin), spin_unlock(&spin))
LOCK_READER(read_bh, in_bh, spin_lock_bh(&bottom), spin_unlock_bh(&bottom))
LOCK_READER(read_write, in_write, write_lock(&both), write_unlock(&both))
LOCK_READER(read_read, in_read, read_lock(&both), read_unlock(&both))
LOCK_READER(read_sleeping, slept, msleep(1), )
LOCK_READER(read_mutex, in_mutex, mutex_lock(&mutex), mutex_unlock(&mutex))

static int read_with_locks(void* unused) {
    static void (*const readers[])(void) = {read_spin, read_write, read_read, read_bh, read_sleeping, read_mutex};
    unsigned int kinds = sleep ? ARRAY_SIZE(readers) : ARRAY_SIZE(readers) - 2;
    unsigned int i;

    /* Each at another phase of the holder than the time before. */
    for (i = 0; i < ROUNDS * kinds && !kthread_should_stop(); i++) {
        readers[i % kinds]();
        msleep(1 + i / kinds % 4);
    }
    pr_info("%s: done\n", KBUILD_MODNAME);
    while (!kthread_should_stop())
        msleep(10);
    return 0;
}

static struct task_struct* start(int (*fn)(void*), const char* name, int cpu) {
    struct task_struct* task = kthread_create(fn, NULL, "%s", name);

    if (IS_ERR(task))
        return task;
    kthread_bind(task, cpu);
    get_task_struct(task);
    wake_up_process(task);
    return task;
}

static void stop(struct task_struct* task) {
    kthread_stop(task);
    put_task_struct(task);
}

static int __init lock_readers_init(void) {
    holder = start(hold_locks, "lock_holder", 1);
    if (IS_ERR(holder))
        return PTR_ERR(holder);
    reader = start(read_with_locks, "lock_reader", 0);
    if (IS_ERR(reader)) {
        stop(holder);
        return PTR_ERR(reader);
    }
    return 0;
}

static void __exit lock_readers_exit(void) {
    stop(reader);
    stop(holder);
    pr_info("%s: sections=%lu spin=%lu write=%lu read=%lu bh=%lu slept=%lu mutex=%lu\n", KBUILD_MODNAME, sections,
            in_spin, in_write, in_read, in_bh, slept, in_mutex);
}

module_init(lock_readers_init);
module_exit(lock_readers_exit);
MODULE_DESCRIPTION("Readers that wait for locks within their sections");
MODULE_LICENSE("Dual BSD/GPL");
