/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The life of a module, from the moment its code is in memory until its memory is freed, and the
 * probed instructions ("sites") of followed modules.
 */
#ifndef RCUSCOPE_MODULES_H
#define RCUSCOPE_MODULES_H

#include "caller.h"
#include "compat.h"
#include "emit.h"
#include "follow.h"
#include "summary_functions.h"

#include <linux/errno.h>

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
	__u64 address = rs_module_section(walk->mod, index, section, sizeof(section));

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
	__u32 count;

	if (!rs_module_has_sections())
		return;
	count = rs_module_sections(mod);
	bpf_loop(count < RS_MAX_SECTIONS ? count : RS_MAX_SECTIONS, rs_send_section, &walk, 0);
}

/*
 * Called when the kernel can no longer refuse the current task's delete_module(), if there is one.
 * Sends its delayed RS_MODULE_UNLOADING. This is the only record with an old time; no trigger looks
 * at it.
 */
static __always_inline void rs_delete_module_accepted(struct rs_cpu *cpu)
{
	__u64 key = rs_task_key() | RS_NOTE_UNLOAD;
	struct rs_module_note *note = bpf_map_lookup_elem(&module_notes, &key);
	struct rs_module *record;

	if (!note || !note->unsaid)
		return;
	note->unsaid = false;
	record = rs_begin_module(cpu, RS_MODULE_UNLOADING, note, 0);
	if (!record)
		return;
	record->h.ns = note->ns;
	rs_send(record);
}

/* Whether a hook calls rs_memory_freed(). Set before loading. */
const volatile bool init_freed_known;

static __always_inline void rs_forget_init(__u32 followed)
{
	followed_code[rs_bounded_index(followed)].init.size = 0;
	followed_init[rs_bounded_index(followed)] = 0;
}

static __always_inline void rs_note_module(struct module *mod, struct rs_module_note *note,
					   struct rs_code *code)
{
	rs_module_text(mod, &code->core, &code->init);
	note->base = code->core.start;
	note->size = code->core.size;
	bpf_probe_read_kernel_str(note->name.text, sizeof(note->name.text), mod->name);
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

/*
 * Linux 6.10, commit 223b5e57d0d5 ("mm/execmem, arch: convert remaining overrides of module_alloc
 * to execmem"), replaced it by execmem_free().
 */
/*
 * The first argument is a pointer to a function, as in call_rcu(): rs_call_rcu_fentry() says why
 * BPF_PROG() cannot be used.
 */
SEC("fexit/do_one_initcall")
int init_returned_fexit(void *ctx)
{
	__u64 ret = 0;

	bpf_get_func_ret(ctx, &ret);
	rs_init_returned(ret);
	return 0;
}

SEC("kretprobe/do_one_initcall")
int BPF_KRETPROBE(init_returned_kretprobe, int ret)
{
	rs_init_returned(ret);
	return 0;
}

/*
 * capable(CAP_SYS_MODULE), the first check in delete_module(). Any user may call delete_module()
 * with any name, any number of times. The programs therefore keep, send and count nothing of a call
 * that fails this check.
 */
static __always_inline bool rs_may_unload(void)
{
	const struct cred *cred = BPF_CORE_READ(rs_this_task(), cred);
	__u64 effective = 0;

	if (BPF_CORE_READ(cred, user_ns, parent))
		return false;
	bpf_probe_read_kernel(&effective, sizeof(effective), &cred->cap_effective);
	return effective >> CAP_SYS_MODULE & 1;
}

/* At most this many wakeups of an exit function are reported: enough to show that it polls. */
#define RS_MAX_EXIT_WAKEUPS 64
__u32 exit_wakeups[RS_MAX_FOLLOWED];

/*
 * The exit function itself usually cannot be probed: __exit implies notrace, and kprobe events
 * refuse such functions. The system call that runs it can be probed, and so can the notifier call
 * that follows it.
 *
 * For a followed module the entry is sent at once: the kernel may crash before the call returns.
 */
static __always_inline void rs_delete_module_entered(struct pt_regs *syscall)
{
	__u64 key = rs_task_key() | RS_NOTE_UNLOAD;
	struct rs_module_note note = {};
	struct rs_cpu *cpu = rs_this_cpu();
	const char *name = NULL;
	__u32 *followed;

	if (!cpu || !rs_may_unload())
		return;
	rs_hit(RS_COUNT_MODULE_EXIT);
	/* The user registers at the system call. Their layout is part of the ABI. */
	bpf_probe_read_kernel(&name, sizeof(name), &PT_REGS_PARM1(syscall));
	if (bpf_probe_read_user_str(note.name.text, sizeof(note.name.text), name) < 0)
		return;
	note.ns = rs_now();
	followed = bpf_map_lookup_elem(&followed_names, &note.name);
	note.unsaid = !followed;
	bpf_map_update_elem(&module_notes, &key, &note, BPF_ANY);
	if (followed) {
		exit_wakeups[rs_bounded_index(*followed)] = 0;
		unloading_task[rs_bounded_index(*followed)] = bpf_get_current_task();
	}
	if (!note.unsaid)
		rs_send_module(cpu, RS_MODULE_UNLOADING, &note, 0);
}

/* The exit function has returned, or the kernel did not call it. */
static __always_inline void rs_exit_over(const struct rs_name *name)
{
	__u32 *followed = bpf_map_lookup_elem(&followed_names, name);

	if (followed && unloading_task[rs_bounded_index(*followed)] == bpf_get_current_task())
		unloading_task[rs_bounded_index(*followed)] = 0;
}

/* delete_module() returns -EPERM also because of modules_disabled and of security modules. */
static __always_inline void rs_delete_module_returned(int ret)
{
	__u64 key = rs_task_key() | RS_NOTE_UNLOAD;
	struct rs_module_note *note = bpf_map_lookup_elem(&module_notes, &key);
	struct rs_cpu *cpu = rs_this_cpu();

	if (!cpu || !note)
		return;
	if (ret < 0 && !(ret == -EPERM && note->unsaid))
		rs_send_module(cpu, RS_MODULE_REFUSED, note, ret);
	rs_exit_over(&note->name);
	bpf_map_delete_elem(&module_notes, &key);
}

/* Address of the kernel's static variable, from kallsyms. Set before loading. */
const volatile __u64 module_notify_list_address;

/* include/linux/module.h: enum module_state */
#define RS_MODULE_STATE_GOING 2

static __always_inline void rs_notified(__u64 list, __u64 state, struct module *mod)
{
	struct rs_module_note note = {};
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_code code = {};

	if (list != module_notify_list_address || state != RS_MODULE_STATE_GOING || !cpu)
		return;
	rs_note_module(mod, &note, &code);
	rs_delete_module_accepted(cpu);
	rs_exit_over(&note.name);
	rs_send_module(cpu, RS_MODULE_EXITED, &note, 0);
	rs_send_pending(cpu, RS_MODULE_EXITED, &note.name);
}

/*
 * After the exit function and before it frees the memory, the kernel removes the kprobes in the
 * module. The tracer itself causes the time that this takes.
 */
static __always_inline void rs_unprobing(__u64 state, struct module *mod)
{
	__u64 key = rs_task_key() | RS_NOTE_UNPROBE;
	struct rs_module_note note = {};
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_code code = {};

	if (!cpu || state != RS_MODULE_STATE_GOING)
		return;
	rs_note_module(mod, &note, &code);
	if (!bpf_map_lookup_elem(&followed_names, &note.name))
		return;
	rs_hit(RS_COUNT_MODULE_UNPROBED);
	bpf_map_update_elem(&module_notes, &key, &note, BPF_ANY);
	rs_send_module(cpu, RS_MODULE_UNPROBING, &note, 0);
}

static __always_inline void rs_unprobed(void)
{
	__u64 key = rs_task_key() | RS_NOTE_UNPROBE;
	struct rs_module_note *note = bpf_map_lookup_elem(&module_notes, &key);
	struct rs_cpu *cpu = rs_this_cpu();

	if (!cpu || !note)
		return;
	rs_send_module(cpu, RS_MODULE_UNPROBED, note, 0);
	bpf_map_delete_elem(&module_notes, &key);
}

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

SEC("fexit/try_module_get")
int BPF_PROG(ref_try_fexit, void *mod, bool taken)
{
	if (taken)
		rs_referenced((__u64)mod, true, 0, rs_fentry_caller(ctx));
	return 0;
}

/*
 * Probed at its entry: once the last reference is dropped, the module's memory may be freed at any
 * time.
 */
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

SEC("kprobe/try_module_get")
int BPF_KPROBE(ref_try_kprobe, void *mod)
{
	__u64 key = rs_task_key();
	struct rs_ref_note note = { .mod = (__u64)mod, .caller = rs_kprobe_caller(ctx) };

	bpf_map_update_elem(&ref_notes, &key, &note, BPF_ANY);
	return 0;
}

SEC("kretprobe/try_module_get")
int BPF_KRETPROBE(ref_try_kretprobe, long taken)
{
	__u64 key = rs_task_key();
	struct rs_ref_note *note = bpf_map_lookup_elem(&ref_notes, &key);

	if (note && (taken & 0xff))
		rs_referenced(note->mod, true, 0, note->caller);
	return 0;
}

static __always_inline void rs_site_reached(__u64 address, __u16 flags)
{
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_site *record;

	if (!cpu)
		return;
	rs_hit(flags & RS_SITE_RETURN ? RS_COUNT_SITE_RETURN : RS_COUNT_SITE);
	record = rs_begin(rs_site, cpu, RS_SITE, flags);
	if (!record)
		return;
	record->address = address;
	rs_send(record);
}

/*
 * All probed instructions of followed modules share this program; the address identifies the site.
 */
SEC("kprobe")
int site_kprobe(struct pt_regs *ctx)
{
	/* In a kprobe handler the instruction pointer is one byte past the address of the int3. */
	rs_site_reached(PT_REGS_IP(ctx) - 1, 0);
	return 0;
}

SEC("kretprobe")
int site_kretprobe(struct pt_regs *ctx)
{
	rs_site_reached(bpf_get_func_ip(ctx), RS_SITE_RETURN);
	return 0;
}

/* Instructions that leave a function. */
SEC("kprobe")
int site_left_kprobe(struct pt_regs *ctx)
{
	rs_site_reached(PT_REGS_IP(ctx) - 1, RS_SITE_RETURN);
	return 0;
}

#endif /* RCUSCOPE_MODULES_H */
