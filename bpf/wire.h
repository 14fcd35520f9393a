/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The wire: the records that the BPF programs send to user space.
 *
 * Shared by the BPF programs (C) and the tracer (C++). Fixed-width fields
 * only, no implicit padding; both sides assert the sizes below. A record is
 * sent into the ring of the CPU on which it happened, so the CPU is
 * not part of it. The capture file holds these records as they were sent
 * (tracer/capture/format.hpp), so a change here that is not purely an added
 * kind raises RS_WIRE_VERSION.
 *
 * Units: times are nanoseconds on CLOCK_BOOTTIME (bpf_ktime_get_boot_ns()).
 * Addresses are kernel virtual addresses. gp_seq values are raw: the two low
 * bits are the state (include/linux/rcupdate.h and kernel/rcu/rcu.h:
 * RCU_SEQ_CTR_SHIFT), and the counter starts shortly before it wraps.
 */
#ifndef RCUSCOPE_WIRE_H
#define RCUSCOPE_WIRE_H

#ifdef __cplusplus
#include <cstdint>
typedef std::uint16_t rs_u16;
typedef std::uint32_t rs_u32;
typedef std::uint64_t rs_u64;
typedef std::int32_t rs_s32;
typedef std::int64_t rs_s64;
#define RS_ASSERT_SIZE(type, size) static_assert(sizeof(struct type) == (size), #type)
#else
typedef __u16 rs_u16;
typedef __u32 rs_u32;
typedef __u64 rs_u64;
typedef __s32 rs_s32;
typedef __s64 rs_s64;
#define RS_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
#endif

#define RS_WIRE_VERSION	       3
#define RS_WIRE_OLDEST_VERSION 2 /* whose records mean the same: it had no RS_CB_NEXT */

#define RS_COMM_LEN	  16 /* TASK_COMM_LEN */
#define RS_MODULE_LEN	  56 /* MODULE_NAME_LEN on 64-bit kernels */
#define RS_CACHE_NAME_LEN 32 /* longer names are cut */
#define RS_SECTION_LEN	  32 /* longer section names are cut; code sections are short */

enum rs_kind {
	RS_LOST = 1,	    /* struct rs_lost */
	RS_TASK = 2,	    /* struct rs_task: before a task's first record, or renamed */
	RS_STACK = 3,	    /* struct rs_stack: of the task's next record with the same h.ns */
	RS_GP_START = 10,   /* struct rs_gp_start */
	RS_GP_END = 11,	    /* struct rs_gp: all quiescent states are in; callbacks may run */
	RS_GP_CLEANED = 12, /* struct rs_gp: the kernel has announced the end everywhere */
	RS_GP_REQUESTED =
		13, /* struct rs_gp: somebody needs it; h.ns may be long before its start */
	RS_GP_QUIESCENT = 14,	/* struct rs_gp_quiescent: aux is enum rs_quiescent_kind */
	RS_GP_SCAN = 15,	/* struct rs_gp_scan: CPUs are about to be looked at */
	RS_GP_BLOCKED = 16,	/* struct rs_gp_blocked */
	RS_GP_SAMPLE = 17,	/* struct rs_gp_sample */
	RS_CB_QUEUED = 20,	/* struct rs_cb_queued: aux is flags */
	RS_CB_ASSIGNED = 21,	/* struct rs_cb_assigned: rcu_segcblist_accelerate() was true */
	RS_CB_INVOKED = 22,	/* struct rs_cb: dequeued, its function runs next */
	RS_CB_DONE = 23,	/* struct rs_cb_done: its function has returned */
	RS_BATCH_BEGIN = 24,	/* struct rs_batch: rcu_do_batch() */
	RS_BATCH_END = 25,	/* struct rs_batch */
	RS_KVFREE = 26,		/* struct rs_kvfree: aux is flags */
	RS_CB_NEXT = 27,	/* struct rs_cb_next: RS_CB_DONE and RS_CB_INVOKED at once */
	RS_WAIT_BEGIN = 30,	/* struct rs_wait: aux is enum rs_wait_kind */
	RS_WAIT_END = 31,	/* struct rs_wait: aux is enum rs_wait_kind, caller is 0 */
	RS_SITE = 40,		/* struct rs_site: a probed place of a module was reached */
	RS_MODULE = 50,		/* struct rs_module: aux is enum rs_module_step */
	RS_MODULE_SECTION = 51, /* struct rs_module_section: where a module's code was put */
	RS_MODULE_PENDING = 52, /* struct rs_module_pending: aux is enum rs_module_step */
	RS_MODULE_REF = 53,	/* struct rs_module_ref: aux is 1 if taken, 0 if put */
	RS_MODULE_WOKEN = 54,	/* struct rs_module_woken */
	RS_CACHE_LEFT = 55,	/* struct rs_cache_left: aux is flags; its slabs come first */
	RS_CACHE_SLAB = 56,	/* struct rs_cache_slab: aux is flags */
	RS_CACHE_PENDING = 57,	/* struct rs_cache_pending: kmem_cache_destroy() was entered */
	RS_SWITCH_OUT = 60,	/* struct rs_switch: a task in a section leaves the CPU */
	RS_SWITCH_IN = 61,	/* struct rs_switch: and comes back to one */
	RS_TASK_LEFT = 62,	/* struct rs_switch: aux is enum rs_left_kind */
};

enum rs_wait_kind {
	RS_WAIT_SYNCHRONIZE_RCU = 0,
	RS_WAIT_SYNCHRONIZE_RCU_EXPEDITED = 1,
	RS_WAIT_RCU_BARRIER = 2,
};

/* Where a task is in no code that could still end a section. */
enum rs_left_kind {
	RS_LEFT_BY_EXIT = 0, /* it ends; nesting may be 0: it is in no section */
	RS_LEFT_TO_USER = 1, /* it runs in user mode */
};

enum rs_quiescent_kind {
	RS_QS_SELF = 0,	 /* the CPU reported its own */
	RS_QS_SCAN = 1,	 /* the grace-period kthread found it idle, in user mode or offline */
	RS_QS_INIT = 2,	 /* offline as the grace period began */
	RS_QS_OTHER = 3, /* such as a CPU that goes offline */
};

enum rs_module_step {
	RS_MODULE_COMING = 0,  /* memory laid out, init not yet called */
	RS_MODULE_LIVE = 1,    /* do_init_module() returned 0 */
	RS_MODULE_FAILED = 2,  /* do_init_module() returned an error (rs_module.ret) */
	RS_MODULE_FREEING = 3, /* free_module() entered */
	RS_MODULE_FREED = 4,   /* free_module() returned: the memory is gone */
	/* delete_module() was entered at h.ns, by a task that may unload modules. Of a followed
	 * module it is sent then, and may yet be refused; of others once it is not. */
	RS_MODULE_UNLOADING = 5,
	RS_MODULE_EXITED = 6,	  /* its exit function has returned */
	RS_MODULE_REFUSED = 7,	  /* delete_module() returned an error (rs_module.ret) */
	RS_MODULE_INIT_DONE = 8,  /* its init function has returned (rs_module.ret) */
	RS_MODULE_INIT_FREED = 9, /* the memory of its init code goes, and the module stays */
	/* kprobes_module_callback() was entered for a followed module that goes, and has returned:
	 * it removes the module's kprobes. */
	RS_MODULE_UNPROBING = 10,
	RS_MODULE_UNPROBED = 11,
};

/* Flags in rs_header.aux of RS_GP_*. */
#define RS_GP_EXPEDITED		1
/* The same for RS_GP_QUIESCENT, beside its kind. */
#define RS_QS_EXPEDITED		0x100
/* Flags in rs_header.aux of RS_CB_QUEUED. */
#define RS_CB_LAZY		1 /* RCU may hold it back for seconds (CONFIG_RCU_LAZY) */
#define RS_CB_END_UNSEEN	2 /* its invocation will not be told from others': counted as lost */
/* A function that is not known jumped to call_rcu(): caller is where that one returns to. */
#define RS_CB_JUMPED		0x10
/* Two bits in rs_header.aux of RS_CB_QUEUED and RS_KVFREE: where the call came from. */
#define RS_CONTEXT_SHIFT	2
#define RS_CONTEXT_MASK		0xc
#define RS_CONTEXT_TASK		1 /* 0: not known */
#define RS_CONTEXT_SOFTIRQ	2
#define RS_CONTEXT_HARDIRQ	3
/* Flags in rs_header.aux of RS_KVFREE. */
#define RS_KVFREE_HEADLESS	1 /* without a rcu_head: it may wait for a grace period right there */
/* Flags in rs_header.aux of RS_CACHE_LEFT. */
#define RS_CACHE_KVFREE_BARRIER 1 /* the kernel has kvfree_rcu_barrier() */
/* Flags in rs_header.aux of RS_CACHE_SLAB. */
#define RS_SLAB_FREE_KNOWN	1 /* rs_cache_slab.free is of all objects */
/* Flags in rs_header.aux of RS_SITE. */
#define RS_SITE_RETURN		1 /* the function returns */
/* Flags in rs_header.aux of RS_SWITCH_OUT. */
#define RS_SWITCH_PREEMPTED	1 /* else it gave up the CPU itself: it blocked */
/* Flags in rs_task.flags. */
#define RS_TASK_KTHREAD		1

struct rs_header {
	rs_u64 ns;
	rs_u32 tid; /* of the current task, also when it is only the one interrupted */
	rs_u16 kind;
	rs_u16 aux;
};
RS_ASSERT_SIZE(rs_header, 16);

/*
 * Sent when room is found again after records could not be delivered on this
 * CPU. total counts all records lost on this CPU since the start, so that a
 * record sent twice, or one itself lost, does no harm.
 */
struct rs_lost {
	struct rs_header h;
	rs_u64 total;
	rs_u64 from_ns; /* the first of the newest run of losses */
	rs_u64 to_ns;	/* the last */
};
RS_ASSERT_SIZE(rs_lost, 40);

struct rs_task {
	struct rs_header h; /* tid: the task described */
	rs_u32 tgid;
	rs_u32 flags;
	char comm[RS_COMM_LEN]; /* NUL-terminated, otherwise any bytes */
};
RS_ASSERT_SIZE(rs_task, 40);

#define RS_STACK_FRAMES 32

/* How the task got to what its next record of the same h.ns tells, the tracer's own frames
 * included. */
struct rs_stack {
	struct rs_header h;
	rs_u32 frames; /* of stack, innermost first */
	rs_u32 reserved;
	rs_u64 stack[RS_STACK_FRAMES];
};
RS_ASSERT_SIZE(rs_stack, 280);

/*
 * h.ns is a time at which the grace period had surely begun (its gp_seq was
 * seen), since_ns one at which it had surely not: where the hook sees the
 * very moment, both are equal.
 */
struct rs_gp_start {
	struct rs_header h;
	rs_u64 gp_seq;	 /* as of the running grace period: state bits not zero */
	rs_u64 since_ns; /* 0: not known */
};
RS_ASSERT_SIZE(rs_gp_start, 32);

struct rs_gp {
	struct rs_header h;
	rs_u64 gp_seq; /* as of the running grace period, like in rs_gp_start */
};
RS_ASSERT_SIZE(rs_gp, 24);

/* Of a leaf of the tree: CPU first_cpu + n is bit n of the masks. */
struct rs_gp_quiescent {
	struct rs_header h;
	rs_u64 gp_seq;
	rs_u64 mask; /* whose quiescent state came in */
	rs_u64 left; /* for whose the leaf still waits */
	rs_u32 first_cpu;
	rs_u32 blocked; /* 1: it also waits for tasks that were preempted in a section */
};
RS_ASSERT_SIZE(rs_gp_quiescent, 48);

struct rs_gp_scan {
	struct rs_header h;
	rs_u64 gp_seq;
	rs_u64 count; /* of this grace period, from 1 */
};
RS_ASSERT_SIZE(rs_gp_scan, 32);

/* At a scan: the grace period waits for a task that was preempted within a section. */
struct rs_gp_blocked {
	struct rs_header h;
	rs_u64 gp_seq;
	rs_u32 tid;	  /* the oldest such task of the leaf */
	rs_u32 first_cpu; /* of the leaf */
	char comm[RS_COMM_LEN];
};
RS_ASSERT_SIZE(rs_gp_blocked, 48);

/* The tick of a CPU for which the grace period waits: what it does; h.tid is its task. */
struct rs_gp_sample {
	struct rs_header h;
	rs_u64 gp_seq;
	rs_u32 frames; /* of stack, innermost first: the tick's own come before the task's */
	/* Microseconds for which the CPU had had no tick though one was due, if that is long; 0: it
	 * had, or nothing is known. */
	rs_u32 no_tick_us;
	rs_u64 stack[RS_STACK_FRAMES];
};
RS_ASSERT_SIZE(rs_gp_sample, 288);

/* Queued on the list of the CPU of this ring; h.ns is before it is on the list. */
struct rs_cb_queued {
	struct rs_header h;
	rs_u64 head;   /* struct rcu_head * */
	rs_u64 func;   /* the callback function */
	rs_u64 caller; /* return address of call_rcu(), 0 if not known */
};
RS_ASSERT_SIZE(rs_cb_queued, 40);

/* kvfree_rcu(), kfree_rcu(): memory to be freed after a grace period. */
struct rs_kvfree {
	struct rs_header h;
	rs_u64 object; /* its address */
	rs_u64 caller; /* return address of kvfree_call_rcu(), 0 if not known */
};
RS_ASSERT_SIZE(rs_kvfree, 32);

/*
 * Every callback on list_cpu's list that waits for no particular grace period
 * yet, or for a later one, now waits for the one that ends with gp_seq
 * (state bits zero). Where callbacks are offloaded, those that were queued at
 * bypass_ns (their h.ns) or later are not yet on the list.
 */
struct rs_cb_assigned {
	struct rs_header h;
	rs_u64 gp_seq;
	rs_u32 list_cpu;
	rs_u32 reserved;
	rs_u64 bypass_ns; /* 0: all are on the list */
};
RS_ASSERT_SIZE(rs_cb_assigned, 40);

struct rs_cb {
	struct rs_header h;
	rs_u64 head;
	rs_u64 func;
};
RS_ASSERT_SIZE(rs_cb, 32);

struct rs_cb_done {
	struct rs_header h;
	rs_u64 head;
};
RS_ASSERT_SIZE(rs_cb_done, 24);

/* The function of callback `done` has returned, and the next one's runs in the same batch. */
struct rs_cb_next {
	struct rs_header h;
	rs_u64 head; /* of the next one, and its function, as in rs_cb */
	rs_u64 func;
	rs_u64 done;
};
RS_ASSERT_SIZE(rs_cb_next, 40);

/* list_cpu: whose callbacks run; another than the ring's only where they are offloaded. */
struct rs_batch {
	struct rs_header h;
	rs_u32 list_cpu;
	rs_u32 reserved;
};
RS_ASSERT_SIZE(rs_batch, 24);

struct rs_wait {
	struct rs_header h;
	rs_u64 caller; /* return address, 0 if not known */
};
RS_ASSERT_SIZE(rs_wait, 24);

/*
 * address: of the probed instruction; of the function with RS_SITE_RETURN. What
 * is probed there is in the capture's table of sites.
 */
struct rs_site {
	struct rs_header h;
	rs_u64 address;
};
RS_ASSERT_SIZE(rs_site, 24);

struct rs_module {
	struct rs_header h;
	rs_u64 base; /* of the core text */
	rs_u32 size; /* of the core text */
	rs_s32 ret;  /* of the init function, or of delete_module() */
	char name[RS_MODULE_LEN];
};
RS_ASSERT_SIZE(rs_module, 88);

struct rs_module_section {
	struct rs_header h;
	rs_u64 address;
	char module[RS_MODULE_LEN];
	char section[RS_SECTION_LEN];
};
RS_ASSERT_SIZE(rs_module_section, 112);

/*
 * Follows RS_MODULE of a followed module at the steps of its going, of which
 * the return of an init function with an error is one. Counted by
 * the programs themselves, so it holds where records are lost.
 */
struct rs_module_pending {
	struct rs_header h;
	rs_u64 pending; /* callbacks into the module that have not begun to run */
	char name[RS_MODULE_LEN];
};
RS_ASSERT_SIZE(rs_module_pending, 80);

/* A reference to a followed module: try_module_get() gave it, or module_put() dropped it. */
struct rs_module_ref {
	struct rs_header h;
	rs_u64 caller; /* return address, 0 if not known */
	rs_s32 count;  /* references then held, as far as can be seen without a lock */
	rs_u32 reserved;
	char name[RS_MODULE_LEN];
};
RS_ASSERT_SIZE(rs_module_ref, 88);

/*
 * h.tid: the task that runs the exit function of a followed module, and is woken; not the current
 * one.
 */
struct rs_module_woken {
	struct rs_header h;
	rs_u64 head; /* of the followed callback whose function wakes it; 0: something else does */
	char name[RS_MODULE_LEN];
};
RS_ASSERT_SIZE(rs_module_woken, 80);

/* kmem_cache_destroy() of a cache by a followed module, which objects kept from being destroyed. */
struct rs_cache_left {
	struct rs_header h;
	rs_u64 cache;	/* struct kmem_cache * */
	rs_u64 caller;	/* return address, 0 if not known */
	rs_u64 objects; /* that are not free */
	char name[RS_CACHE_NAME_LEN];
};
RS_ASSERT_SIZE(rs_cache_left, 72);

#define RS_SLAB_OBJECTS 512

/* Memory of such a cache in which some objects are not free, and some are. */
struct rs_cache_slab {
	struct rs_header h;
	rs_u64 cache;
	rs_u64 start;	    /* its address */
	rs_u32 object_size; /* from one object to the next */
	rs_u32 objects;
	rs_u32 in_use; /* of these, not free */
	rs_u32 reserved;
	rs_u64 free[RS_SLAB_OBJECTS / 64]; /* bit n: object n is */
};
RS_ASSERT_SIZE(rs_cache_slab, 112);

#define RS_CACHE_HEADS 16

/* A followed module destroys a cache, while callbacks are queued whose rcu_head is in an object of
 * it. */
struct rs_cache_pending {
	struct rs_header h;
	rs_u64 cache;
	rs_u64 caller;		      /* return address, 0 if not known */
	rs_u64 callbacks;	      /* not 0 */
	rs_u64 heads[RS_CACHE_HEADS]; /* of the first of them, else 0 */
	char name[RS_CACHE_NAME_LEN];
};
RS_ASSERT_SIZE(rs_cache_pending, 200);

/* h.tid: the task that is switched, or leaves; but for RS_LEFT_BY_EXIT sent only while it is within
 * a read-side section. */
struct rs_switch {
	struct rs_header h;
	rs_u32 nesting; /* its rcu_read_lock_nesting */
	rs_u32 reserved;
};
RS_ASSERT_SIZE(rs_switch, 24);

#endif /* RCUSCOPE_WIRE_H */
