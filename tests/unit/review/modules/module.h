/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A minimal replacement of the kernel's headers: modules for the tests of review are compiled as
 * kbuild would compile them, without a kernel's headers. With FIX a module is correct.
 */
#pragma once

typedef unsigned long size_t;
typedef _Bool bool;
#define NULL ((void*)0)
#define noinline __attribute__((__noinline__))
#define __init __attribute__((__section__(".init.text"), __cold__))
#define __exit __attribute__((__section__(".exit.text"), __cold__))
#define barrier() __asm__ __volatile__("" : : : "memory")
#define container_of(ptr, type, member) ((type*)((char*)(ptr) - __builtin_offsetof(type, member)))

struct rcu_head {
    struct rcu_head* next;
    void (*func)(struct rcu_head* head);
};
typedef void (*rcu_callback_t)(struct rcu_head* head);
struct obj {
    long value;
    struct rcu_head rcu;
};

void call_rcu(struct rcu_head* head, rcu_callback_t func);
void call_srcu(void* srcu, struct rcu_head* head, rcu_callback_t func);
void kvfree_call_rcu(struct rcu_head* head, void* ptr);
void rcu_barrier(void);
void srcu_barrier(void* srcu);
void synchronize_rcu(void);
void __rcu_read_lock(void);
void __rcu_read_unlock(void);
void* __kmalloc(size_t size);
#define kmalloc __kmalloc
void kfree(const void* ptr);
void* kmem_cache_create(void);
void* kmem_cache_alloc(void* cache, unsigned int flags);
void kmem_cache_free(void* cache, void* object);
void kmem_cache_destroy(void* cache);
void msleep(unsigned int ms);
void wait_for_completion(void* done);
void complete(void* done);
void schedule_something(void);

extern struct module { long state[64]; } __this_module;
#define THIS_MODULE (&__this_module)

#define module_init(function) int init_module(void) __attribute__((alias(#function), used));
#define module_exit(function) void cleanup_module(void) __attribute__((alias(#function), used));

#ifndef RELEASE
#define RELEASE "6.1.0-test"
#endif
static const char modinfo_name[] __attribute__((section(".modinfo"), used, aligned(1))) = "name=" NAME;
static const char modinfo_depends[] __attribute__((section(".modinfo"), used, aligned(1))) = "depends=";
static const char modinfo_vermagic[] __attribute__((section(".modinfo"), used, aligned(1))) =
    "vermagic=" RELEASE " SMP preempt mod_unload modversions ";
