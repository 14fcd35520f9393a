/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared by all steps in the life of a module: the notes that an entry program keeps for the return
 * program, the records of the steps, and the report of callbacks that are pending.
 */
#ifndef RCUSCOPE_MODULE_RECORDS_H
#define RCUSCOPE_MODULE_RECORDS_H

#include "compat.h"
#include "emit.h"
#include "follow.h"

/*
 * Facts about a module that an entry program keeps for the return program, when the module's own
 * memory may be freed. A failing init function frees the module within do_init_module(), so
 * do_init_module() and free_module() use separate notes.
 */
struct rs_module_note {
	__u64 base;
	__u32 size;
	bool unsaid; /* the entry of delete_module() is not reported yet */
	__u64 ns;    /* time of that entry */
	struct rs_name name;
};

#define RS_NOTE_INIT	0ULL
#define RS_NOTE_FREE	(1ULL << 63)
#define RS_NOTE_UNLOAD	(1ULL << 62)
#define RS_NOTE_UNPROBE (1ULL << 61)

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, struct rs_module_note);
} module_notes SEC(".maps");

static __always_inline void rs_note_module(struct module *mod, struct rs_module_note *note,
					   struct rs_code *code)
{
	rs_module_text(mod, &code->core, &code->init);
	note->base = code->core.start;
	note->size = code->core.size;
	bpf_probe_read_kernel_str(note->name.text, sizeof(note->name.text), mod->name);
}

/*
 * Only records of followed modules wake user space, which then writes them to disk at once. Any
 * user can make the kernel load other modules, or try to.
 */
static __always_inline struct rs_module *
rs_begin_module(struct rs_cpu *cpu, __u16 step, const struct rs_module_note *note, __s32 ret)
{
	struct rs_module *record = rs_begin(rs_module, cpu, RS_MODULE, step);

	if (!record)
		return NULL;
	record->base = note->base;
	record->size = note->size;
	record->ret = ret;
	__builtin_memcpy(record->name, note->name.text, sizeof(record->name));
	return record;
}

static __always_inline void rs_send_module(struct rs_cpu *cpu, __u16 step,
					   const struct rs_module_note *note, __s32 ret)
{
	struct rs_module *record = rs_begin_module(cpu, step, note, ret);

	if (!record)
		return;
	rs_send(record);
	if (bpf_map_lookup_elem(&followed_names, &note->name))
		rs_wake();
}

/*
 * Reports how many callbacks of a followed module are pending while the module goes away. Wakes
 * user space, since the kernel may crash soon. Returns the number of callbacks.
 */
static __always_inline __u64 rs_send_pending(struct rs_cpu *cpu, __u16 step, struct rs_name *name)
{
	__u32 *followed = bpf_map_lookup_elem(&followed_names, name);
	struct rs_module_pending *record;
	__u64 queued, invoked, pending;

	if (!followed)
		return 0;
	/*
	 * Read `invoked` before `queued`: otherwise a callback invoked in between would seem to be
	 * pending forever.
	 */
	invoked = followed_callbacks_invoked[rs_bounded_index(*followed)];
	if (invoked < followed_callbacks_finished[rs_bounded_index(*followed)])
		invoked = followed_callbacks_finished[rs_bounded_index(*followed)];
	queued = followed_callbacks_queued[rs_bounded_index(*followed)];
	pending = queued > invoked ? queued - invoked : 0;
	record = rs_begin(rs_module_pending, cpu, RS_MODULE_PENDING, step);
	if (!record)
		return pending;
	record->pending = pending;
	__builtin_memcpy(record->name, name->text, sizeof(record->name));
	rs_send_urgent(record);
	return pending;
}

#endif /* RCUSCOPE_MODULE_RECORDS_H */
