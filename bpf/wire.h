/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Wire format: the records that the BPF programs send to user space.
 *
 * Shared by the BPF programs (C) and the tracer (C++). All fields have a fixed width and there is
 * no implicit padding; both sides assert the sizes below. A program sends a record into the ring of
 * the CPU on which the event happened, so a record does not contain the CPU. The capture file
 * (tracer/capture/format.hpp) stores these records unchanged. Any change here other than an added
 * kind therefore raises RS_WIRE_VERSION.
 *
 * Units: times are nanoseconds on CLOCK_BOOTTIME (bpf_ktime_get_boot_ns()). Addresses are kernel
 * virtual addresses. gp_seq values are raw: the two low bits are the state
 * (include/linux/rcupdate.h and kernel/rcu/rcu.h: RCU_SEQ_CTR_SHIFT), and the counter starts
 * shortly before it wraps.
 *
 * Terms: a "followed" module is one whose name the user gave. A "section" of a task is an RCU
 * read-side critical section; a "section" of a module is an ELF section.
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
#include <linux/types.h>
typedef __u16 rs_u16;
typedef __u32 rs_u32;
typedef __u64 rs_u64;
typedef __s32 rs_s32;
typedef __s64 rs_s64;
#define RS_ASSERT_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
#endif

#define RS_WIRE_VERSION	       3
#define RS_WIRE_OLDEST_VERSION 2 /* oldest with the same meaning; it lacks RS_CB_NEXT */

#define RS_COMM_LEN	  16 /* TASK_COMM_LEN */
#define RS_MODULE_LEN	  56 /* MODULE_NAME_LEN on 64-bit kernels */
#define RS_CACHE_NAME_LEN 32 /* longer names are cut */
#define RS_SECTION_LEN	  32 /* longer section names are cut; code sections are short */

enum rs_kind {
	RS_LOST = 1,  /* struct rs_lost */
	RS_TASK = 2,  /* struct rs_task: before a task's first record and after a rename */
	RS_STACK = 3, /* struct rs_stack: belongs to the task's next record with the same h.ns */
	RS_GP_START = 10,     /* struct rs_gp_start */
	RS_GP_END = 11,	      /* struct rs_gp: all quiescent states are in; callbacks may run */
	RS_GP_CLEANED = 12,   /* struct rs_gp: the kernel has announced the end everywhere. For an
				 expedited one only where its end releases callbacks. */
	RS_GP_REQUESTED = 13, /* struct rs_gp: first request; h.ns may be long before its start */
	RS_GP_QUIESCENT = 14, /* struct rs_gp_quiescent: aux is enum rs_quiescent_kind */
	RS_GP_SCAN = 15,      /* struct rs_gp_scan: the kernel is about to check CPUs */
	RS_GP_BLOCKED = 16,   /* struct rs_gp_blocked */
	RS_GP_SAMPLE = 17,    /* struct rs_gp_sample */
	RS_CB_QUEUED = 20,    /* struct rs_cb_queued: aux is flags */
	RS_CB_ASSIGNED = 21,  /* struct rs_cb_assigned: rcu_segcblist_accelerate() was true */
	RS_CB_INVOKED = 22,   /* struct rs_cb: dequeued, its function runs next */
	RS_CB_DONE = 23,      /* struct rs_cb_done: its function has returned */
	RS_BATCH_BEGIN = 24,  /* struct rs_batch: rcu_do_batch() */
	RS_BATCH_END = 25,    /* struct rs_batch */
	RS_KVFREE = 26,	      /* struct rs_kvfree: aux is flags */
	RS_CB_NEXT = 27,      /* struct rs_cb_next: RS_CB_DONE and RS_CB_INVOKED in one record */
	RS_CB_ASSIGNED_EITHER = 28, /* struct rs_cb_assigned_either: instead of RS_CB_ASSIGNED */
	RS_WAIT_BEGIN = 30,	    /* struct rs_wait: aux is enum rs_wait_kind */
	RS_WAIT_END = 31,	    /* struct rs_wait: aux is enum rs_wait_kind, caller is 0 */
	RS_SITE = 40,		    /* struct rs_site: a task reached a site of a module */
	RS_MODULE = 50,		    /* struct rs_module: aux is enum rs_module_step */
	RS_MODULE_SECTION = 51,	    /* struct rs_module_section: address of a code section */
	RS_MODULE_PENDING = 52,	    /* struct rs_module_pending: aux is enum rs_module_step */
	RS_MODULE_REF = 53,	    /* struct rs_module_ref: aux is 1 if taken, 0 if put */
	RS_MODULE_WOKEN = 54,	    /* struct rs_module_woken */
	RS_CACHE_LEFT = 55,	    /* struct rs_cache_left: aux is flags; sent after its slabs */
	RS_CACHE_SLAB = 56,	    /* struct rs_cache_slab: aux is flags */
	RS_CACHE_PENDING = 57,	    /* struct rs_cache_pending: kmem_cache_destroy() was entered */
	RS_SWITCH_OUT = 60,	    /* struct rs_switch: a task in a section leaves the CPU */
	RS_SWITCH_IN = 61,	    /* struct rs_switch: a task in a section gets a CPU again */
	RS_TASK_LEFT = 62,	    /* struct rs_switch: aux is enum rs_left_kind */
};

enum rs_wait_kind {
	RS_WAIT_SYNCHRONIZE_RCU = 0,
	RS_WAIT_SYNCHRONIZE_RCU_EXPEDITED = 1,
	RS_WAIT_RCU_BARRIER = 2,
};

/* The task runs no code that could still end its read-side section. */
enum rs_left_kind {
	RS_LEFT_BY_EXIT = 0, /* the task exits; nesting may be 0: it is in no section */
	RS_LEFT_TO_USER = 1, /* the task runs in user mode */
};

enum rs_quiescent_kind {
	RS_QS_SELF = 0,	 /* the CPU reported its own quiescent state */
	RS_QS_SCAN = 1,	 /* the grace-period kthread found it idle, in user mode or offline */
	RS_QS_INIT = 2,	 /* it was offline when the grace period began */
	RS_QS_OTHER = 3, /* for example, a CPU that goes offline */
};

enum rs_module_step {
	RS_MODULE_COMING = 0,  /* memory is laid out, init is not called yet */
	RS_MODULE_LIVE = 1,    /* do_init_module() returned 0 */
	RS_MODULE_FAILED = 2,  /* do_init_module() returned an error (rs_module.ret) */
	RS_MODULE_FREEING = 3, /* free_module() entered */
	RS_MODULE_FREED = 4,   /* free_module() returned: the memory is gone */
	/*
	 * A task that may unload modules entered delete_module() at h.ns. For a followed module the
	 * record is sent at that time, and the kernel may still refuse. For other modules it is
	 * sent when the kernel can no longer refuse.
	 */
	RS_MODULE_UNLOADING = 5,
	RS_MODULE_EXITED = 6,	  /* its exit function has returned */
	RS_MODULE_REFUSED = 7,	  /* delete_module() returned an error (rs_module.ret) */
	RS_MODULE_INIT_DONE = 8,  /* its init function has returned (rs_module.ret) */
	RS_MODULE_INIT_FREED = 9, /* the memory of its init code is freed; the module stays */
	/*
	 * kprobes_module_callback() was entered (and has returned) for a followed module in state
	 * GOING. It removes the module's kprobes.
	 */
	RS_MODULE_UNPROBING = 10,
	RS_MODULE_UNPROBED = 11,
};

/* Flags in rs_header.aux of RS_GP_*. */
#define RS_GP_EXPEDITED		1
/* RS_GP_EXPEDITED for RS_GP_QUIESCENT, whose aux also holds the kind. */
#define RS_QS_EXPEDITED		0x100
/* Flags in rs_header.aux of RS_CB_QUEUED. */
#define RS_CB_LAZY		1 /* RCU may delay it for seconds (CONFIG_RCU_LAZY) */
#define RS_CB_END_UNSEEN	2 /* its invocation cannot be told from others and counts as lost */
/*
 * An unknown function made a tail call to call_rcu(): caller is the return address of that
 * function.
 */
#define RS_CB_JUMPED		0x10
/* Two bits in rs_header.aux of RS_CB_QUEUED and RS_KVFREE: the context of the call. */
#define RS_CONTEXT_SHIFT	2
#define RS_CONTEXT_MASK		0xc
#define RS_CONTEXT_TASK		1 /* 0: unknown */
#define RS_CONTEXT_SOFTIRQ	2
#define RS_CONTEXT_HARDIRQ	3
/* Flags in rs_header.aux of RS_KVFREE. */
#define RS_KVFREE_HEADLESS	1 /* without an rcu_head: the call itself may wait for RCU */
/* Flags in rs_header.aux of RS_CACHE_LEFT. */
#define RS_CACHE_KVFREE_BARRIER 1 /* the kernel has kvfree_rcu_barrier() */
/* Flags in rs_header.aux of RS_CACHE_SLAB. */
#define RS_SLAB_FREE_KNOWN	1 /* rs_cache_slab.free covers all objects */
/* Flags in rs_header.aux of RS_SITE. */
#define RS_SITE_RETURN		1 /* the function returns */
/* Flags in rs_header.aux of RS_SWITCH_OUT. */
#define RS_SWITCH_PREEMPTED	1 /* without these two flags: the task blocked */
#define RS_SWITCH_LOCK		2 /* it waits for a lock that sleeps with CONFIG_PREEMPT_RT */
/* Flags in rs_header.aux of RS_GP_BLOCKED, beside RS_GP_EXPEDITED. */
#define RS_BLOCKED_LOCK		2 /* the task waits for a lock that sleeps with CONFIG_PREEMPT_RT */
#define RS_BLOCKED_BOOSTED	4 /* RCU has raised the task's priority (CONFIG_RCU_BOOST) */
/* Flags in rs_task.flags. */
#define RS_TASK_KTHREAD		1

struct rs_header {
	rs_u64 ns;
	rs_u32 tid; /* the current task, even if the event happens in an interrupt */
	rs_u16 kind;
	rs_u16 aux;
};
RS_ASSERT_SIZE(rs_header, 16);

/*
 * Sent as soon as there is room again after records were lost on this CPU. total counts all records
 * lost on this CPU since the start, so a duplicate or lost RS_LOST record does no harm.
 */
struct rs_lost {
	struct rs_header h;
	rs_u64 total;
	rs_u64 from_ns; /* first loss of the newest run of losses */
	rs_u64 to_ns;	/* last loss of that run */
};
RS_ASSERT_SIZE(rs_lost, 40);

struct rs_task {
	struct rs_header h; /* tid: of the described task */
	rs_u32 tgid;
	rs_u32 flags;
	char comm[RS_COMM_LEN]; /* NUL-terminated; otherwise arbitrary bytes */
};
RS_ASSERT_SIZE(rs_task, 40);

#define RS_STACK_FRAMES 32

/* Stack of the task at its next record with the same h.ns. Includes the tracer's own frames. */
struct rs_stack {
	struct rs_header h;
	rs_u32 frames; /* number of entries in stack, innermost first */
	rs_u32 reserved;
	rs_u64 stack[RS_STACK_FRAMES];
};
RS_ASSERT_SIZE(rs_stack, 280);

/*
 * The grace period had certainly begun at h.ns (its gp_seq was seen) and certainly not at since_ns.
 * The two are equal where the hook sees the exact moment.
 */
struct rs_gp_start {
	struct rs_header h;
	rs_u64 gp_seq;	 /* value during the grace period: state bits not zero */
	rs_u64 since_ns; /* 0: unknown */
};
RS_ASSERT_SIZE(rs_gp_start, 32);

struct rs_gp {
	struct rs_header h;
	rs_u64 gp_seq; /* value during the grace period, as in rs_gp_start */
};
RS_ASSERT_SIZE(rs_gp, 24);

/* Describes one leaf of the rcu_node tree. Bit n of a mask is CPU first_cpu + n. */
struct rs_gp_quiescent {
	struct rs_header h;
	rs_u64 gp_seq;
	rs_u64 mask; /* CPUs whose quiescent state was reported */
	rs_u64 left; /* CPUs for which the leaf still waits */
	rs_u32 first_cpu;
	rs_u32 blocked; /* 1: the leaf also waits for tasks that were preempted in a section */
};
RS_ASSERT_SIZE(rs_gp_quiescent, 48);

struct rs_gp_scan {
	struct rs_header h;
	rs_u64 gp_seq;
	rs_u64 count; /* number of the scan in this grace period, from 1 */
};
RS_ASSERT_SIZE(rs_gp_scan, 32);

/* Sent at a scan: the grace period waits for a task that was preempted in a section. */
struct rs_gp_blocked {
	struct rs_header h;
	rs_u64 gp_seq;
	rs_u32 tid;	  /* the oldest such task of the leaf */
	rs_u32 first_cpu; /* of the leaf */
	char comm[RS_COMM_LEN];
};
RS_ASSERT_SIZE(rs_gp_blocked, 48);

/*
 * Sent at a tick of a CPU for which the grace period waits: the stack of that CPU. h.tid is its
 * task.
 */
struct rs_gp_sample {
	struct rs_header h;
	rs_u64 gp_seq;
	rs_u32 frames; /* entries in stack, innermost first: of the tick, then of the task */
	/*
	 * Microseconds for which the CPU took no tick although one was due, if that is long. 0:
	 * ticks came, or it is unknown.
	 */
	rs_u32 no_tick_us;
	rs_u64 stack[RS_STACK_FRAMES];
};
RS_ASSERT_SIZE(rs_gp_sample, 288);

/* Queued on the list of this ring's CPU. h.ns is before the callback is on the list. */
struct rs_cb_queued {
	struct rs_header h;
	rs_u64 head;   /* struct rcu_head * */
	rs_u64 func;   /* the callback function */
	rs_u64 caller; /* return address of call_rcu(), 0 if unknown */
};
RS_ASSERT_SIZE(rs_cb_queued, 40);

/* kvfree_rcu(), kfree_rcu(): memory that is freed after a grace period. */
struct rs_kvfree {
	struct rs_header h;
	rs_u64 object; /* address of the object */
	rs_u64 caller; /* return address of kvfree_call_rcu(), 0 if unknown */
};
RS_ASSERT_SIZE(rs_kvfree, 32);

/*
 * All callbacks on list_cpu's list that have no grace period yet, or a later one, now wait for the
 * grace period that ends with gp_seq (state bits zero). With offloaded callbacks, those queued at
 * bypass_ns (their h.ns) or later are not on the list yet.
 */
struct rs_cb_assigned {
	struct rs_header h;
	rs_u64 gp_seq;
	rs_u32 list_cpu;
	rs_u32 reserved;
	rs_u64 bypass_ns; /* 0: all callbacks are on the list */
};
RS_ASSERT_SIZE(rs_cb_assigned, 40);

/*
 * The same for a kernel that releases callbacks at the end of a normal or of an expedited grace
 * period, whichever comes first. Concerned are the callbacks that have no grace period yet, and
 * those that wait for the same normal one (or a later one) and for the expedited one with
 * reassigned_seq or a later one. The others that wait for the same normal one are released already.
 */
struct rs_cb_assigned_either {
	struct rs_header h;
	rs_u64 gp_seq;
	rs_u64 expedited_seq; /* state bits zero, like gp_seq */
	rs_u64 reassigned_seq;
	rs_u32 list_cpu;
	rs_u32 reserved;
	rs_u64 bypass_ns;
};
RS_ASSERT_SIZE(rs_cb_assigned_either, 56);

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

/* The function of callback `done` has returned, and the next callback of the same batch starts. */
struct rs_cb_next {
	struct rs_header h;
	rs_u64 head; /* of the next callback; like func, as in rs_cb */
	rs_u64 func;
	rs_u64 done;
};
RS_ASSERT_SIZE(rs_cb_next, 40);

/* list_cpu: the CPU whose callbacks run. Differs from the ring's CPU only if they are offloaded. */
struct rs_batch {
	struct rs_header h;
	rs_u32 list_cpu;
	rs_u32 reserved;
};
RS_ASSERT_SIZE(rs_batch, 24);

struct rs_wait {
	struct rs_header h;
	rs_u64 caller; /* return address, 0 if unknown */
};
RS_ASSERT_SIZE(rs_wait, 24);

/*
 * address: the probed instruction. With RS_SITE_RETURN, the function (if a kretprobe saw the
 * return) or the instruction that leaves it. The capture's table of sites says what is probed
 * there.
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
 * Follows RS_MODULE of a followed module at each step of its removal, including the return of an
 * init function with an error. The programs count the callbacks themselves, so the number is right
 * even if records are lost.
 */
struct rs_module_pending {
	struct rs_header h;
	rs_u64 pending; /* callbacks into the module that have not started to run */
	char name[RS_MODULE_LEN];
};
RS_ASSERT_SIZE(rs_module_pending, 80);

/* Reference to a followed module: taken by try_module_get() or dropped by module_put(). */
struct rs_module_ref {
	struct rs_header h;
	rs_u64 caller; /* return address, 0 if unknown */
	rs_s32 count;  /* references held afterwards, as far as a read without a lock can tell */
	rs_u32 reserved;
	char name[RS_MODULE_LEN];
};
RS_ASSERT_SIZE(rs_module_ref, 88);

/*
 * h.tid: the task that runs the exit function of a followed module and is woken. It is not the
 * current task.
 */
struct rs_module_woken {
	struct rs_header h;
	rs_u64 head; /* followed callback whose function wakes the task; 0: other code does */
	char name[RS_MODULE_LEN];
};
RS_ASSERT_SIZE(rs_module_woken, 80);

/*
 * A followed module called kmem_cache_destroy(), and the kernel did not destroy the cache because
 * it still has objects.
 */
struct rs_cache_left {
	struct rs_header h;
	rs_u64 cache;	/* struct kmem_cache * */
	rs_u64 caller;	/* return address, 0 if unknown */
	rs_u64 objects; /* number of objects that are not free */
	char name[RS_CACHE_NAME_LEN];
};
RS_ASSERT_SIZE(rs_cache_left, 72);

#define RS_SLAB_OBJECTS 512

/* A slab of such a cache that has both allocated and free objects. */
struct rs_cache_slab {
	struct rs_header h;
	rs_u64 cache;
	rs_u64 start;	    /* address of the slab */
	rs_u32 object_size; /* distance between objects, in bytes */
	rs_u32 objects;
	rs_u32 in_use; /* allocated objects */
	rs_u32 reserved;
	rs_u64 free[RS_SLAB_OBJECTS / 64]; /* bit n: object n is free */
};
RS_ASSERT_SIZE(rs_cache_slab, 112);

#define RS_CACHE_HEADS 16

/*
 * A followed module destroys a cache while callbacks are queued whose rcu_head lies in one of its
 * objects.
 */
struct rs_cache_pending {
	struct rs_header h;
	rs_u64 cache;
	rs_u64 caller;		      /* return address, 0 if unknown */
	rs_u64 callbacks;	      /* not 0 */
	rs_u64 heads[RS_CACHE_HEADS]; /* the first of these callbacks; unused entries are 0 */
	char name[RS_CACHE_NAME_LEN];
};
RS_ASSERT_SIZE(rs_cache_pending, 200);

/*
 * h.tid: the task that is switched or leaves. Sent only while that task is in a read-side section,
 * except with RS_LEFT_BY_EXIT.
 */
struct rs_switch {
	struct rs_header h;
	rs_u32 nesting; /* the task's rcu_read_lock_nesting */
	rs_u32 reserved;
};
RS_ASSERT_SIZE(rs_switch, 24);

#endif /* RCUSCOPE_WIRE_H */
