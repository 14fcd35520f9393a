/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The life of a module's memory: a module is loaded, its init function returns, and its memory is
 * freed. module_unload.h has the steps between.
 */
#ifndef RCUSCOPE_MODULE_LIFE_H
#define RCUSCOPE_MODULE_LIFE_H

#include "compat.h"
#include "emit.h"
#include "follow.h"
#include "module_records.h"
#include "module_unload.h"
#include "summary_functions.h"

#define RS_MAX_SECTIONS 1024

struct rs_section_walk {
	struct module *mod;
	const struct rs_module_note *note;
};

static long rs_send_section(__u32 index, struct rs_section_walk *walk)
{
	struct rs_module_section *record;
	char section[RS_SECTION_LEN] = {};
	struct rs_cpu *cpu = rs_this_cpu();
	__u64 address = 0;

	if (!rs_module_section(walk->mod, index, &address, section, sizeof(section)))
		return 1;
	if (!cpu || rs_followed_code(address) < 0)
		return 0;
	if (summary_wanted) {
		rs_keep_section(address, section);
		return 0;
	}
	record = rs_begin(rs_module_section, cpu, RS_MODULE_SECTION, 0);
	if (!record)
		return 0;
	record->address = address;
	__builtin_memcpy(record->module, walk->note->name.text, sizeof(record->module));
	__builtin_memcpy(record->section, section, sizeof(record->section));
	rs_send(record);
	return 0;
}

/*
 * Reports the address of each section of the module's code. With the symbol table of the .ko this
 * gives a name to each location in the module, even after the module is freed.
 */
static __always_inline void rs_send_sections(struct module *mod, const struct rs_module_note *note)
{
	struct rs_section_walk walk = { .mod = mod, .note = note };

	bpf_loop(RS_MAX_SECTIONS, rs_send_section, &walk, 0);
}

/* Whether a hook calls rs_memory_freed(). Set before loading. */
const volatile bool init_freed_known;

static __always_inline void rs_forget_init(__u32 followed)
{
	followed_code[rs_bounded_index(followed)].init.size = 0;
	followed_init[rs_bounded_index(followed)] = 0;
}

static __always_inline void rs_module_entered(struct module *mod, __u64 which, __u16 step)
{
	__u64 key = rs_task_key() | which;
	struct rs_module_note note = {};
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_code code = {};
	__u32 *followed = NULL;

	if (!cpu)
		return;
	rs_hit(which == RS_NOTE_INIT ? RS_COUNT_MODULE_INIT : RS_COUNT_MODULE_FREE);
	rs_note_module(mod, &note, &code);
	bpf_map_update_elem(&module_notes, &key, &note, BPF_ANY);
	if (which == RS_NOTE_INIT)
		followed = bpf_map_lookup_elem(&followed_names, &note.name);
	if (followed) {
		followed_code[rs_bounded_index(*followed)] = code;
		followed_module[rs_bounded_index(*followed)] = (__u64)mod;
		followed_callbacks_queued[rs_bounded_index(*followed)] = 0;
		followed_callbacks_invoked[rs_bounded_index(*followed)] = 0;
		followed_callbacks_finished[rs_bounded_index(*followed)] = 0;
		followed_init[rs_bounded_index(*followed)] = code.init.start;
		followed_name[rs_bounded_index(*followed)] = note.name;
		__sync_fetch_and_add(&followed_loaded[rs_bounded_index(*followed)], 1);
	}
	rs_functions_changed(false);
	if (which == RS_NOTE_FREE)
		rs_delete_module_accepted(cpu);
	rs_send_module(cpu, step, &note, 0);
	if (followed)
		rs_send_sections(mod, &note);
	if (which == RS_NOTE_FREE)
		rs_send_pending(cpu, step, &note.name);
}

static __always_inline void rs_module_returned(__u64 which, int ret)
{
	__u64 key = rs_task_key() | which;
	struct rs_module_note *note = bpf_map_lookup_elem(&module_notes, &key);
	struct rs_cpu *cpu = rs_this_cpu();
	__u16 step = RS_MODULE_FREED;
	__u32 *followed;

	if (!cpu || !note)
		return;
	if (which == RS_NOTE_INIT)
		step = ret < 0 ? RS_MODULE_FAILED : RS_MODULE_LIVE;
	/*
	 * From now on the address may belong to other code. User space learns that from this
	 * record.
	 */
	rs_send_module(cpu, step, note, ret);
	followed = bpf_map_lookup_elem(&followed_names, &note->name);
	/*
	 * If no hook reports when the init section is freed, forget it now: another module's code
	 * may be loaded at its address.
	 */
	if (followed && which == RS_NOTE_INIT && (ret < 0 || !init_freed_known))
		rs_forget_init(*followed);
	if (followed && which == RS_NOTE_FREE) {
		/*
		 * Otherwise the next module of this name was loaded before free_module() returned.
		 * Its counts and code ranges have replaced those of the freed module.
		 */
		if (followed_code[rs_bounded_index(*followed)].core.start == note->base) {
			/*
			 * Keep the code range while callbacks are pending: they are followed even
			 * into freed memory.
			 */
			if (!rs_send_pending(cpu, step, &note->name))
				followed_code[rs_bounded_index(*followed)].core.size = 0;
			followed_module[rs_bounded_index(*followed)] = 0;
		}
		__sync_fetch_and_add(&followed_freed[rs_bounded_index(*followed)], 1);
	}
	rs_functions_changed(which == RS_NOTE_FREE);
	bpf_map_delete_elem(&module_notes, &key);
}

/*
 * Return of the init function. While do_init_module() runs, do_one_initcall() runs the init
 * function of that module only.
 */
static __always_inline void rs_init_returned(int ret)
{
	__u64 key = rs_task_key() | RS_NOTE_INIT;
	struct rs_module_note *note = bpf_map_lookup_elem(&module_notes, &key);
	struct rs_cpu *cpu = rs_this_cpu();

	if (!cpu || !note)
		return;
	rs_send_module(cpu, RS_MODULE_INIT_DONE, note, ret);
	if (ret < 0)
		rs_send_pending(cpu, RS_MODULE_INIT_DONE, &note->name);
}

/* A module's memory is freed: the init code of a module that stays, or all memory of a module. */
static __always_inline void rs_memory_freed(__u64 memory)
{
	struct rs_module_note note = {};
	struct rs_cpu *cpu = rs_this_cpu();

	if (!cpu || !memory)
		return;
	for (__u32 i = 0; i < RS_MAX_FOLLOWED; i++) {
		if (i >= followed_count)
			break;
		if (followed_init[i] != memory)
			continue;
		note.base = memory;
		note.name = followed_name[i];
		rs_hit(RS_COUNT_MODULE_INIT_FREED);
		rs_send_module(cpu, RS_MODULE_INIT_FREED, &note, 0);
		rs_forget_init(i);
		return;
	}
}

#endif /* RCUSCOPE_MODULE_LIFE_H */
