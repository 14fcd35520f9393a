/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few kernel types the programs look into, with the few members they
 * read. Kept by hand instead of a generated vmlinux.h, so that a build needs no
 * kernel: preserve_access_index makes libbpf find each member's place in the
 * running kernel's own BTF.
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

/* struct rcu_head is a macro for this. */
struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
};

struct rcu_state {
	unsigned long gp_seq;
	unsigned long expedited_sequence;
	struct task_struct *gp_kthread;
	short gp_state;
};

struct rcu_tasks {
	unsigned long tasks_gp_seq;
};

struct rcu_node {
	unsigned long gp_seq;
	unsigned long qsmask;
	unsigned long expmask;
	int grplo;
	__u8 level;
	struct list_head *gp_tasks;
	struct list_head *exp_tasks;
};

struct rcu_segcblist {
	struct callback_head *head;
	struct callback_head **tails[4];
	unsigned long gp_seq[4]; /* RCU_CBLIST_NSEGS */
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
	/* With CONFIG_RCU_NOCB_CPU: */
	struct rcu_cblist nocb_bypass;
	struct task_struct *nocb_cb_kthread;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	int rcu_read_lock_nesting;	 /* with CONFIG_PREEMPT_RCU */
	struct list_head rcu_node_entry; /* the same */
	const struct cred *cred;
	char comm[16];
};

struct user_namespace {
	struct user_namespace *parent; /* NULL: the first one, init_user_ns */
};

/* 64 bits, since Linux 6.3 in one word; on little-endian machines both lie alike. */
struct kernel_cap_struct {
	__u32 cap[2];
};

struct cred {
	struct kernel_cap_struct cap_effective;
	struct user_namespace *user_ns;
};

struct kprobe {
	unsigned long nmissed;
};

/* One for each CPU. Times are of CLOCK_MONOTONIC. */
struct tick_sched {
	__s64 last_tick; /* when the next one was due as it was last stopped */
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
