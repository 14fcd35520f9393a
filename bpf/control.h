/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs and user space share besides records: settings and counts. */
#ifndef RCUSCOPE_CONTROL_H
#define RCUSCOPE_CONTROL_H

#include "event_ring_layout.h"
#include "wire.h"

#define RS_MAX_FOLLOWED 8

/* Where each hook's programs count what they saw: shown as the hook's hits. */
enum rs_counter {
	RS_COUNT_GP_START,
	RS_COUNT_GP_END,
	RS_COUNT_GP_REQUESTED,
	RS_COUNT_GP_QUIESCENT,
	RS_COUNT_GP_SCAN,
	RS_COUNT_GP_SAMPLE,
	RS_COUNT_EXP_START,
	RS_COUNT_EXP_END,
	RS_COUNT_EXP_QUIESCENT,
	RS_COUNT_EXP_SAMPLE,
	RS_COUNT_CB_QUEUED,
	RS_COUNT_CB_HURRY,
	RS_COUNT_CB_BYPASS,
	RS_COUNT_CB_ASSIGNED,
	RS_COUNT_CB_INVOKED,
	RS_COUNT_KVFREE,
	RS_COUNT_WAIT_SYNC,
	RS_COUNT_WAIT_SYNC_EXP,
	RS_COUNT_WAIT_BARRIER,
	RS_COUNT_MODULE_INIT,
	RS_COUNT_MODULE_INIT_FREED,
	RS_COUNT_MODULE_EXIT,
	RS_COUNT_MODULE_UNPROBED,
	RS_COUNT_MODULE_FREE,
	RS_COUNT_MODULE_REF,
	RS_COUNT_MODULE_WOKEN,
	RS_COUNT_JUMP,
	RS_COUNT_CACHE,
	RS_COUNT_SITE,
	RS_COUNT_SITE_RETURN,
	RS_COUNT_SWITCH,
	RS_COUNTERS,
};

/*
 * Events of followed callbacks whose records could not be delivered; and, from its queueing on, the
 * invocation and the end of each with RS_CB_END_UNSEEN.
 */
struct rs_lost_callbacks {
	rs_u64 queued;
	rs_u64 invoked;
	rs_u64 done;
};

/* A batch of callbacks that runs, and its callback. */
struct rs_batch_state {
	rs_u64 task;	     /* struct task_struct *; 0: no batch runs */
	rs_u64 running_head; /* 0: none that is followed */
	rs_u32 list_cpu;
	rs_u32 tid; /* of the task, if that was announced as the batch began; else ~0 */
	/* Counting in the kernel: */
	rs_u64 searched; /* entries of pending callbacks that were looked at for its callbacks */
	rs_u64 found_on; /* one more than the CPU in whose ring the last was, if not in the list's
			  */
};

/* The return address is looked for up to so far from the site: places have a bit each. */
#define RS_FRAME_WORDS 64

/* Where a function keeps its return address, seen from a tracepoint's arguments: frame.h. */
struct rs_frame {
	rs_u64 site;   /* what the tracepoint returns to */
	rs_u32 at;     /* the word where that is */
	rs_u32 above;  /* so many words on is the return address; 0: not known */
	rs_u64 places; /* where it can be, from the site on */
	rs_u64 proofs;
	rs_u64 words[RS_FRAME_WORDS]; /* from the site on, as read in one go */
	struct rs_frame_seen {	      /* this time */
		rs_u64 site;
		rs_u64 places;
		rs_u32 at;
		rs_u32 reserved;
	} seen;
};

/* One for each CPU; but for the ring, the batch and the frame, counted up only. */
struct rs_cpu {
	struct rs_ring ring;
	rs_u64 hits[RS_COUNTERS];
	rs_u64 lost_total;
	rs_u64 lost_from_ns; /* of the newest run of losses */
	rs_u64 lost_to_ns;
	rs_u64 lost_told; /* lost_total as last sent */
	rs_u64 refused;	  /* what lost_total will be: counted before the loss has its time */
	struct rs_seen {  /* the task that was last seen here, and is announced */
		rs_u64 key;
		rs_u64 name[RS_COMM_LEN / 8];
	} seen;
	rs_u64 callbacks_done; /* followed ones that ran here */
	rs_u64 calls_skipped;  /* of their functions, whose probes did not run: skipped.h */
	struct rs_lost_callbacks lost_callbacks;
	/* In softirq context, or in the CPU's own kthread: one at a time. */
	struct rs_batch_state batch;
	struct rs_frame call_rcu_frame;
} __attribute__((aligned(64))); /* cache lines of its own */

struct rs_name {
	char text[RS_MODULE_LEN];
};

struct rs_range {
	rs_u64 start;
	rs_u64 size;
};

/* Where a followed module's code lies. */
struct rs_code {
	struct rs_range core;
	struct rs_range init;
};

/* What read_sequences() answers. */
struct rs_sequences {
	rs_u64 ns; /* CLOCK_BOOTTIME */
	rs_u64 gp_seq;
	rs_u64 expedited_seq;
	rs_u64 exact; /* 1: they were these at ns */
	/* Raw, of RCU-tasks and its "trace" flavour, 0 where there is none. */
	rs_u64 tasks_seq;
	rs_u64 tasks_trace_seq;
};

#endif /* RCUSCOPE_CONTROL_H */
