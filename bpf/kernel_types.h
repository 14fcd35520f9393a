/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types and members that the programs read. They are maintained by hand instead of in a
 * generated vmlinux.h, so that a build needs no kernel. preserve_access_index makes libbpf relocate
 * each member access with the BTF of the running kernel.
 */
#ifndef RCUSCOPE_KERNEL_TYPES_H
#define RCUSCOPE_KERNEL_TYPES_H

#include <linux/types.h>
#include <linux/ptrace.h>
#include <linux/bpf.h>

#include <stdbool.h>

#ifndef NULL
#define NULL ((void *)0)
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next;
};

/* struct rcu_head is a macro for this type. */
struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
};

struct rcu_state {
	unsigned long gp_seq;
	unsigned long expedited_sequence;
	unsigned long gp_seq_polled_exp_snap;
	struct task_struct *gp_kthread;
	short gp_state;
};

struct rcu_tasks {
	unsigned long tasks_gp_seq;
};

struct rt_mutex_base {
	struct task_struct *owner; /* the lowest bit is a flag */
};

struct rt_mutex {
	struct rt_mutex_base rtmutex;
};

struct rcu_node {
	unsigned long gp_seq;
	unsigned long qsmask;
	unsigned long expmask;
	int grplo;
	__u8 level;
	struct list_head *gp_tasks;
	struct list_head *exp_tasks;
	struct rt_mutex boost_mtx; /* with CONFIG_RCU_BOOST; its owner is the boosted reader */
};

struct rcu_segcblist {
	struct callback_head *head;
	struct callback_head **tails[4]; /* RCU_CBLIST_NSEGS */
};

struct rcu_cblist {
	struct callback_head *head;
	long len;
};

struct rcu_data {
	struct rcu_node *mynode;
	unsigned long grpmask;
	struct rcu_segcblist cblist;
	unsigned long n_cbs_invoked;
	int cpu;
};

/* With CONFIG_RCU_NOCB_CPU. */
struct rcu_data___nocb {
	struct rcu_cblist nocb_bypass;
	struct task_struct *nocb_cb_kthread;
};

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	int pid;
	int tgid;
	int rcu_read_lock_nesting;	 /* with CONFIG_PREEMPT_RCU */
	struct list_head rcu_node_entry; /* with CONFIG_PREEMPT_RCU */
	const struct cred *cred;
	char comm[16];
};

struct user_namespace {
	struct user_namespace *parent; /* NULL in init_user_ns, the root of all namespaces */
};

/* 64 bits; one word since Linux 6.3. On little-endian machines both layouts are the same. */
struct kernel_cap_struct {
	__u32 cap[2];
};

struct cred {
	struct kernel_cap_struct cap_effective;
	struct user_namespace *user_ns;
};

/*
 * The programs read only whether a pointer to it is NULL. A declaration is not enough, because
 * libbpf compares the kinds of types.
 */
struct kprobe {
};

/* Per-CPU. Times are on CLOCK_MONOTONIC. */
struct tick_sched {
	__s64 last_tick; /* when the next tick was due, as of the last stop of the tick */
	__s64 idle_exittime;
};

struct module_sect_attrs;

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__s64 counter;
} atomic_long_t;

struct module {
	char name[56];
	struct module_sect_attrs *sect_attrs;
	atomic_t refcnt; /* with CONFIG_MODULE_UNLOAD */
};

#pragma clang attribute pop

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000

/* include/uapi/linux/capability.h */
#define CAP_SYS_MODULE 16

#endif /* RCUSCOPE_KERNEL_TYPES_H */
