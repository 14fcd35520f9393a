// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * All BPF programs in one object, so that they share their maps. The attach plan (tracer/probes)
 * decides which of them are loaded.
 *
 * The programs themselves run inside RCU. So no program is attached to a function that BPF itself
 * calls (__rcu_read_lock(), functions of the ring buffer, of the maps).
 */
#include "batches.h"
#include "caches.h"
#include "callbacks.h"
#include "expedited.h"
#include "gp_progress.h"
#include "grace_periods.h"
#include "kvfree.h"
#include "missed_kprobes.h"
#include "module_life.h"
#include "module_references.h"
#include "module_unload.h"
#include "rcu_data.h"
#include "read_sequences.h"
#include "sites.h"
#include "summary.h"
#include "switches.h"
#include "tracepoints.h"
#include "waits.h"

#include "function_programs.h"

/* The programs at entries and returns of functions. */
#define RS_ENTRY     RS_ENTRY_PROGRAMS
#define RS_RETURN    RS_RETURN_PROGRAMS
#define RS_FEXIT     RS_FEXIT_PROGRAM
#define RS_KPROBE    RS_KPROBE_PROGRAM
#define RS_KRETPROBE RS_KRETPROBE_PROGRAM
#include "hook_list.h"

/* bpf_probe_read_kernel() and bpf_get_stack() require a GPL-compatible license. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";
