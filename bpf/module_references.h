/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* References to a followed module as they are taken and dropped. */
#ifndef RCUSCOPE_MODULE_REFERENCES_H
#define RCUSCOPE_MODULE_REFERENCES_H

#include "emit.h"
#include "follow.h"

/* include/linux/module.h: MODULE_REF_BASE. Each module starts with this reference. */
#define RS_MODULE_REF_BASE 1

static __always_inline void rs_referenced(__u64 mod, bool taken, int change, __u64 caller)
{
	struct module *known = (void *)mod;
	struct rs_module_ref *record;
	struct rs_cpu *cpu = rs_this_cpu();

	if (!cpu || !mod || !rs_followed_module(mod))
		return;
	rs_hit(RS_COUNT_MODULE_REF);
	record = rs_begin(rs_module_ref, cpu, RS_MODULE_REF, taken);
	if (!record)
		return;
	record->caller = caller;
	record->count = BPF_CORE_READ(known, refcnt.counter) - RS_MODULE_REF_BASE + change;
	record->reserved = 0;
	bpf_probe_read_kernel(record->name, sizeof(record->name), known->name);
	rs_send(record);
}

/* With kprobes, the argument and the caller of try_module_get() until it returns. */
struct rs_ref_note {
	__u64 mod;
	__u64 caller;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct rs_ref_note);
} ref_notes SEC(".maps");

static __always_inline void rs_try_get_entered(__u64 mod, __u64 caller)
{
	__u64 key = rs_task_key();
	struct rs_ref_note note = { .mod = mod, .caller = caller };

	bpf_map_update_elem(&ref_notes, &key, &note, BPF_ANY);
}

static __always_inline void rs_try_get_returned(bool taken)
{
	__u64 key = rs_task_key();
	struct rs_ref_note *note = bpf_map_lookup_elem(&ref_notes, &key);

	if (note && taken)
		rs_referenced(note->mod, true, 0, note->caller);
}

#endif /* RCUSCOPE_MODULE_REFERENCES_H */
