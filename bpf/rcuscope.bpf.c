// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * All programs, one object: they share their maps. Which of them are loaded
 * is decided by the attach plan (tracer/probes).
 *
 * A tracer of RCU runs inside RCU: nothing here is attached to a function that
 * BPF itself runs through (__rcu_read_lock(), the ring buffer's, the maps').
 */
#include "batches.h"
#include "caches.h"
#include "callbacks.h"
#include "expedited.h"
#include "grace_periods.h"
#include "kvfree.h"
#include "modules.h"
#include "progress.h"
#include "sequences.h"
#include "skipped.h"
#include "summary.h"
#include "switches.h"
#include "tracepoints.h"
#include "waits.h"

/* bpf_probe_read_kernel() and bpf_get_stack() are for GPL-compatible programs only. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";
