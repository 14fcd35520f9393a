/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's per-CPU variables, above all RCU's state of each CPU. */
#ifndef RCUSCOPE_RCU_DATA_H
#define RCUSCOPE_RCU_DATA_H

#include "kernel_types.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define RS_MAX_CPUS 4096

/* Per-CPU address of the kernel's static variable rcu_data, and address of __per_cpu_offset[]. */
const volatile __u64 rcu_data_address;
const volatile __u64 per_cpu_offset_address;
const volatile __u32 cpu_limit; /* all CPU numbers are below this */
/*
 * Some CPUs have offloaded callbacks (rcu_nocbs= or nohz_full=). If false, call_rcu() needs no
 * check.
 */
const volatile bool callbacks_offloaded;

/* Address of a CPU's per-CPU variable; NULL: no such CPU. */
static __always_inline void *rs_variable_of(__u32 cpu, __u64 per_cpu_address)
{
	__u64 offset = 0;

	if (bpf_probe_read_kernel(&offset, sizeof(offset),
				  (void *)(per_cpu_offset_address + 8 * cpu)))
		return NULL;
	return (void *)(per_cpu_address + offset);
}

static __always_inline struct rcu_data *rs_rcu_data(__u32 cpu)
{
	return rs_variable_of(cpu, rcu_data_address);
}

static __always_inline bool rs_has_bypass(void)
{
	struct rcu_data___nocb *data = NULL;

	return bpf_core_field_exists(data->nocb_bypass);
}

/* The first callback that call_rcu() keeps off the CPU's list. */
static __always_inline __u64 rs_first_bypassed(struct rcu_data *data)
{
	struct rcu_data___nocb *nocb = (void *)data;

	return (__u64)BPF_CORE_READ(nocb, nocb_bypass.head);
}

/* Whether call_rcu() keeps callbacks off the CPU's list now. */
static __always_inline bool rs_bypassed(struct rcu_data *data)
{
	struct rcu_data___nocb *nocb = (void *)data;

	return rs_has_bypass() && BPF_CORE_READ(nocb, nocb_bypass.len);
}

/* The kthread that runs the callbacks of an offloaded CPU, from boot on; 0: there is none. */
static __always_inline __u64 rs_callback_kthread(struct rcu_data *data)
{
	struct rcu_data___nocb *nocb = (void *)data;

	return bpf_core_field_exists(nocb->nocb_cb_kthread)
		       ? (__u64)BPF_CORE_READ(nocb, nocb_cb_kthread)
		       : 0;
}

#endif /* RCUSCOPE_RCU_DATA_H */
