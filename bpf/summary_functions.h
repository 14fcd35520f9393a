/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting in the kernel: gives each callback function a slot (a number). */
#ifndef RCUSCOPE_SUMMARY_FUNCTIONS_H
#define RCUSCOPE_SUMMARY_FUNCTIONS_H

#include "caller.h"
#include "follow.h"
#include "summary_layout.h"

/* Set before the programs are loaded. */
const volatile bool summary_wanted;
const volatile __u32 summary_slots; /* number of slots; RS_SLOT_OTHERS is one of them */

__u32 summary_slots_used; /* without the first; may exceed the number of slots */
__u32 summary_life;	  /* number of modules freed */
__u32 summary_epoch;	  /* changes with the window, and when code at an address may change */

/*
 * The window: only what happens while it is open counts. User space opens and closes it, and then
 * changes the epoch.
 */
__u32 summary_open;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RS_SLOTS);
	__type(key, struct rs_function);
	__type(value, __u32);
} summary_functions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct rs_section);
	__type(value, __u64); /* offset in the module */
} summary_sections SEC(".maps");

static __always_inline void rs_functions_changed(bool freed)
{
	if (freed)
		__sync_fetch_and_add(&summary_life, 1);
	__sync_fetch_and_add(&summary_epoch, 1);
}

/* Identifies the function at an address. False: it is not followed. */
static __always_inline bool rs_function_at(__u64 address, struct rs_function *function)
{
	int followed = rs_followed_code(address);

	if (followed >= 0) {
		const struct rs_code *code = &followed_code[rs_bounded_index(followed)];
		bool core = rs_in_range(&code->core, address);

		function->address = address - (core ? code->core.start : code->init.start);
		function->module = RS_IN_MODULE(followed) | (core ? 0 : RS_IN_INIT);
		return true;
	}
	function->address = address;
	if (address - kernel_code.start >= kernel_code.size)
		function->life = summary_life;
	return all_callbacks;
}

static __noinline __u32 rs_find_slot(__u64 address)
{
	struct rs_function function = {};
	__u32 *known, slot;

	if (!rs_function_at(address, &function))
		return RS_SLOT_NONE;
	known = bpf_map_lookup_elem(&summary_functions, &function);
	if (known)
		return *known;
	slot = __sync_fetch_and_add(&summary_slots_used, 1) + 1;
	if (slot >= summary_slots)
		return RS_SLOT_OTHERS;
	bpf_map_update_elem(&summary_functions, &function, &slot, BPF_NOEXIST);
	/* Another CPU may have inserted the function first. */
	known = bpf_map_lookup_elem(&summary_functions, &function);
	return known ? *known : RS_SLOT_OTHERS;
}

/*
 * A CPU's cache of slots, which answers all lookups of functions that recur. A word holds the low
 * half of the address, the epoch and the slot.
 *
 * The upper half of a code address is all ones.
 */
static __always_inline __u64 rs_cached_slot(__u64 address)
{
	return address << 32 | (__u64)(__u16)summary_epoch << 16;
}

/*
 * Slot of a callback's function. RS_SLOT_NONE: not followed. RS_SLOT_UNCOUNTED: the window is not
 * open; the entry of a callback that is queued then says that it does not count.
 */
static __always_inline __u32 rs_slot_of(__u64 *cache, __u64 address)
{
	__u64 *place = &cache[address / 16 % RS_SLOT_CACHE], word = *place;
	__u64 wanted = rs_cached_slot(address);
	__u32 slot;

	/* A single word, so a program that interrupts this one leaves a consistent value. */
	if ((word ^ wanted) <= 0xffff && address >> 32 == 0xffffffff)
		return word & 0xffff;
	slot = rs_find_slot(address);
	if (slot != RS_SLOT_NONE && !summary_open)
		slot = RS_SLOT_UNCOUNTED;
	*place = wanted | slot;
	return slot;
}

/* A section of a followed module is at this address. */
static __always_inline void rs_keep_section(__u64 address, const char *name)
{
	struct rs_function place = {};
	struct rs_section section = {};

	if (!rs_function_at(address, &place) || !place.module)
		return;
	section.module = place.module;
	__builtin_memcpy(section.name, name, sizeof(section.name));
	bpf_map_update_elem(&summary_sections, &section, &place.address, BPF_ANY);
}

#endif /* RCUSCOPE_SUMMARY_FUNCTIONS_H */
