/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * State that the BPF programs and user space share besides records: counters, per-CPU state and
 * ranges of code.
 */
#ifndef RCUSCOPE_CONTROL_H
#define RCUSCOPE_CONTROL_H

#include "event_ring_layout.h"
#include "wire.h"

#define RS_MAX_FOLLOWED 8

/* Counters of what each hook's programs saw. They are shown as the hook's hits. */
enum rs_counter {
#define RS_HOOK(counter, ...) RS_COUNT_##counter,
#include "hook_list.h"
	RS_COUNTERS,
};

/*
 * Events of followed callbacks whose records were lost. A callback with RS_CB_END_UNSEEN counts in
 * `invoked` and `done` as soon as it is queued.
 */
struct rs_lost_callbacks {
	rs_u64 queued;
	rs_u64 invoked;
	rs_u64 done;
};

/* A running batch of callbacks and the callback that runs. */
struct rs_batch_state {
	rs_u64 task;	     /* struct task_struct *; 0: no batch runs */
	rs_u64 running_head; /* 0: no followed callback runs */
	rs_u32 list_cpu;
	rs_u32 tid; /* the task, if it was announced when the batch began; otherwise ~0 */
	/* Used only for counting in the kernel: */
	rs_u64 searched; /* entries of pending rings searched for callbacks of this batch */
	rs_u64 found_on; /* 1 + the CPU in whose ring the last one was found; 0: in the list's own
			    ring */
};

/* Words after the site in which the return address is searched; a mask has one bit for each. */
#define RS_FRAME_WORDS 64

/* Where a function keeps its return address, relative to a tracepoint's arguments: see
 * tracepoint_caller.h. */
struct rs_frame {
	rs_u64 site;   /* address to which the tracepoint returns */
	rs_u32 at;     /* index of the word that holds it, from the arguments */
	rs_u32 above;  /* distance in words from there to the return address; 0: unknown */
	rs_u64 places; /* bit n: the return address may be n words from the site */
	rs_u64 proofs;
	rs_u64 words[RS_FRAME_WORDS]; /* words from the site on, read in one go */
	struct rs_frame_seen {	      /* results of the current search */
		rs_u64 site;
		rs_u64 places;
		rs_u32 at;
		rs_u32 reserved;
	} seen;
};

/*
 * State of one CPU. Members are only incremented, except the ring, the batch, the frame, and
 * queued_func and invoked_func.
 */
struct rs_cpu {
	struct rs_ring ring;
	rs_u64 hits[RS_COUNTERS];
	rs_u64 lost_total;
	rs_u64 lost_from_ns; /* of the newest run of losses: first and last */
	rs_u64 lost_to_ns;
	rs_u64 lost_told; /* value of lost_total in the last RS_LOST */
	rs_u64 refused;	  /* as lost_total, but incremented before the loss reads the clock */
	struct rs_seen {  /* the announced task that was seen last on this CPU */
		rs_u64 key;
		rs_u64 name[RS_COMM_LEN / 8];
	} seen;
	rs_u64 callbacks_done; /* followed callbacks that ran on this CPU */
	rs_u64 calls_skipped;  /* calls of followed callbacks' functions whose probes did not run:
				  missed_kprobes.h */
	struct rs_lost_callbacks lost_callbacks;
	/* Batches in softirq context or in the CPU's own kthread: one runs at a time. */
	struct rs_batch_state batch;
	struct rs_frame call_rcu_frame;
	/* For rs_number_of(); separate, since a queueing program may interrupt an invocation's. */
	rs_u64 queued_func;
	rs_u64 invoked_func;
} __attribute__((aligned(64))); /* avoids false sharing of cache lines */

struct rs_name {
	char text[RS_MODULE_LEN];
};

struct rs_range {
	rs_u64 start;
	rs_u64 size;
};

/* Address ranges of a followed module's code. */
struct rs_code {
	struct rs_range core;
	struct rs_range init;
};

/* Result of read_sequences(). */
struct rs_sequences {
	rs_u64 ns; /* CLOCK_BOOTTIME */
	rs_u64 gp_seq;
	rs_u64 expedited_seq;
	rs_u64 exact; /* 1: the values are exactly those at ns */
	/* Raw gp_seq of RCU-tasks and RCU-tasks-trace; 0: the kernel does not have it. */
	rs_u64 tasks_seq;
	rs_u64 tasks_trace_seq;
};

#endif /* RCUSCOPE_CONTROL_H */
