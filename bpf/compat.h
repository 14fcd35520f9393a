/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Differences between kernels, one accessor each. No accessor checks a kernel version; each checks
 * which types, members or symbols the kernel has.
 *
 * A type that not every kernel has, or not with these members, has a flavour (three underscores and
 * a name, which libbpf ignores), and each use of it is guarded. The attach plan relies on that: it
 * leaves out a program that uses a missing member of a type without a flavour
 * (tracer/probes/program_needs.hpp).
 */
#ifndef RCUSCOPE_COMPAT_H
#define RCUSCOPE_COMPAT_H

#include "kernel_types.h"
#include "control.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/*
 * Preempt count of this CPU. Linux 6.2, commit 64701838bf05 ("x86/percpu: Move preempt_count next
 * to current_task"), moved it into pcpu_hot; 6.15, commit 46e8fff6d45f, moved it back.
 */
struct pcpu_hot___6_2_to_6_14 {
	int preempt_count;
} __attribute__((preserve_access_index));

extern const int __preempt_count __ksym __weak;
extern const struct pcpu_hot___6_2_to_6_14 pcpu_hot __ksym __weak;

/* False: the count is unknown. */
static __always_inline bool rs_preempt_count(__u32 *count)
{
	if (&pcpu_hot)
		*count = ((struct pcpu_hot___6_2_to_6_14 *)bpf_this_cpu_ptr(&pcpu_hot))
				 ->preempt_count;
	else if (&__preempt_count)
		*count = *(int *)bpf_this_cpu_ptr(&__preempt_count);
	else
		return false;
	return true;
}

/*
 * Levels of hard interrupts and of NMIs in the preempt count. Linux 7.3 has eight bits between them
 * and the softirqs, for nested disabling of interrupts. The variable below came with it.
 */
extern const void local_interrupt_disable_state __ksym __weak;

static __always_inline __u32 rs_hardirq_count(__u32 preempt_count)
{
	return preempt_count >> (&local_interrupt_disable_state ? 24 : 16) & 0xf;
}

/* On Linux 7.3 the highest bit is PREEMPT_NEED_RESCHED. */
static __always_inline __u32 rs_nmi_count(__u32 preempt_count)
{
	return &local_interrupt_disable_state ? preempt_count >> 28 & 0x7
					      : preempt_count >> 20 & 0xf;
}

/* With CONFIG_PREEMPT_RT each task counts its softirqs. */
struct task_struct___rt {
	int softirq_disable_cnt;
} __attribute__((preserve_access_index));

/*
 * Whether a contended spinlock_t, rwlock_t or local_lock_t puts the task to sleep. That is so with
 * CONFIG_PREEMPT_RT, and only there.
 */
static __always_inline bool rs_has_sleeping_locks(void)
{
	struct task_struct___rt *rt = NULL;

	return bpf_core_field_exists(rt->softirq_disable_cnt);
}

/*
 * State of a task that waits for such a lock. No other wait sets this bit. It has had this value
 * since Linux 5.15, commit 5f220be21418 ("sched/wakeup: Prepare for RT sleeping spin/rwlocks").
 */
#define RS_TASK_RTLOCK_WAIT 0x1000

static __always_inline bool rs_waits_for_lock(__u32 task_state)
{
	return rs_has_sleeping_locks() && task_state & RS_TASK_RTLOCK_WAIT;
}

static __always_inline __u32 rs_softirq_count(struct task_struct *task, __u32 preempt_count)
{
	struct task_struct___rt *rt = (void *)task;

	return bpf_core_field_exists(rt->softirq_disable_cnt)
		       ? BPF_CORE_READ(rt, softirq_disable_cnt)
		       : preempt_count;
}

/*
 * Address ranges of a module's code. Linux 6.4, commit ac3b43283923 ("module: replace module_layout
 * with module_memory"), split the two layouts by type of memory.
 */
struct module_layout___before_6_4 {
	void *base;
	unsigned int text_size;
} __attribute__((preserve_access_index));

struct module___before_6_4 {
	struct module_layout___before_6_4 core_layout;
	struct module_layout___before_6_4 init_layout;
} __attribute__((preserve_access_index));

struct module_memory {
	void *base;
	unsigned int size;
} __attribute__((preserve_access_index));

enum mod_mem_type {
	MOD_TEXT = 0,
	MOD_INIT_TEXT = 4,
};

struct module___since_6_4 {
	struct module_memory mem[7];
} __attribute__((preserve_access_index));

static __always_inline void rs_module_text(struct module *mod, struct rs_range *core,
					   struct rs_range *init)
{
	struct module___before_6_4 *old = (void *)mod;

	if (bpf_core_field_exists(old->core_layout)) {
		core->start = (__u64)BPF_CORE_READ(old, core_layout.base);
		core->size = BPF_CORE_READ(old, core_layout.text_size);
		init->start = (__u64)BPF_CORE_READ(old, init_layout.base);
		init->size = BPF_CORE_READ(old, init_layout.text_size);
	} else {
		struct module___since_6_4 *now = (void *)mod;

		core->start = (__u64)BPF_CORE_READ(now, mem[MOD_TEXT].base);
		core->size = BPF_CORE_READ(now, mem[MOD_TEXT].size);
		init->start = (__u64)BPF_CORE_READ(now, mem[MOD_INIT_TEXT].base);
		init->size = BPF_CORE_READ(now, mem[MOD_INIT_TEXT].size);
	}
}

/*
 * Sections of a module, as in /sys/module/NAME/sections. Linux 6.1 and 6.12 have an array with a
 * count. On 6.16 and later there is a list of attributes that ends with NULL, and the address is
 * the private pointer of each. The functions of a module on a kernel with another layout get their
 * names from kallsyms only.
 */
struct attribute {
	const char *name;
} __attribute__((preserve_access_index));

struct bin_attribute {
	struct attribute attr;
	void *private;
} __attribute__((preserve_access_index));

struct attribute_group {
	struct bin_attribute **bin_attrs;
} __attribute__((preserve_access_index));

struct module_sect_attr___counted {
	struct bin_attribute battr;
	unsigned long address;
} __attribute__((preserve_access_index));

struct module_sect_attrs___counted {
	unsigned int nsections;
	struct module_sect_attr___counted attrs[1];
} __attribute__((preserve_access_index));

struct module_sect_attrs___listed {
	struct attribute_group grp;
} __attribute__((preserve_access_index));

struct rs_module_section_place {
	const char *name;
	__u64 address;
};

static __always_inline bool rs_counted_section(struct module_sect_attrs___counted *attrs,
					       __u32 index, struct rs_module_section_place *place)
{
	struct module_sect_attr___counted *attr;

	if (index >= BPF_CORE_READ(attrs, nsections))
		return false;
	attr = (void *)attrs + bpf_core_field_offset(attrs->attrs) +
	       index * bpf_core_type_size(struct module_sect_attr___counted);
	place->name = BPF_CORE_READ(attr, battr.attr.name);
	place->address = BPF_CORE_READ(attr, address);
	return true;
}

static __always_inline bool rs_listed_section(struct module_sect_attrs___listed *attrs, __u32 index,
					      struct rs_module_section_place *place)
{
	struct bin_attribute **list = BPF_CORE_READ(attrs, grp.bin_attrs), *attr = NULL;

	if (bpf_probe_read_kernel(&attr, sizeof(attr), list + index) || !attr)
		return false;
	place->name = BPF_CORE_READ(attr, attr.name);
	place->address = (__u64)BPF_CORE_READ(attr, private);
	return true;
}

/* Address and name of a section, 0 if they cannot be read. False: there are no more sections. */
static __always_inline bool rs_module_section(struct module *mod, __u32 index, __u64 *address,
					      char *name, __u32 name_size)
{
	struct module_sect_attrs___counted *counted = (void *)BPF_CORE_READ(mod, sect_attrs);
	struct module_sect_attrs___listed *listed = (void *)counted;
	struct rs_module_section_place place = {};

	if (!counted)
		return false;
	if (bpf_core_field_exists(counted->nsections)) {
		if (!rs_counted_section(counted, index, &place))
			return false;
	} else if (!bpf_core_field_exists(listed->grp) ||
		   !rs_listed_section(listed, index, &place)) {
		return false;
	}
	if (bpf_probe_read_kernel_str(name, name_size, place.name) >= 0)
		*address = place.address;
	return true;
}

/*
 * Sequence numbers that the callbacks of each segment of a list wait for. Linux 7.3 has those of a
 * normal and of an expedited grace period, and the end of either releases the callbacks. Before,
 * only normal ones do.
 */
struct rcu_gp_seq___norm_exp {
	unsigned long norm;
	unsigned long exp;
} __attribute__((preserve_access_index));

struct rcu_segcblist___norm {
	unsigned long gp_seq[4];
} __attribute__((preserve_access_index));

struct rcu_segcblist___norm_exp {
	struct rcu_gp_seq___norm_exp gp_seq[4];
} __attribute__((preserve_access_index));

struct rs_wanted {
	__u64 norm;
	__u64 exp; /* 0 before Linux 7.3 */
};

/* kernel/rcu/rcu_segcblist.h: RCU_WAIT_TAIL, RCU_NEXT_READY_TAIL */
#define RS_FIRST_WAITING 1
#define RS_LAST_WAITING	 2

/* Sequence numbers of a segment. Only the two segments above have them. */
static __always_inline struct rs_wanted rs_segment_wanted(struct rcu_segcblist *list, __u32 segment)
{
	struct rcu_segcblist___norm_exp *either = (void *)list;
	struct rcu_segcblist___norm *normal = (void *)list;
	struct rs_wanted wanted = {};

	if (bpf_core_field_exists(either->gp_seq)) {
		wanted.norm = BPF_CORE_READ(either, gp_seq[segment].norm);
		wanted.exp = BPF_CORE_READ(either, gp_seq[segment].exp);
	} else if (bpf_core_field_exists(normal->gp_seq)) {
		wanted.norm = BPF_CORE_READ(normal, gp_seq[segment]);
	}
	return wanted;
}

#endif /* RCUSCOPE_COMPAT_H */
