/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Caches (struct kmem_cache) that a followed module destroys while they still have objects, and
 * which objects those are.
 *
 * __kmem_cache_shutdown() reports whether any object is left. Newer kernels wait for kfree_rcu()
 * before that. The objects that are left lie in slabs. The programs look at the slabs on the nodes'
 * partial lists, each with the list of its free objects. Full slabs are on no list and are only
 * counted.
 *
 * The programs find callbacks that are about to free objects of the cache in RCU's own lists when
 * kmem_cache_destroy() begins: these may be done when __kmem_cache_shutdown() checks.
 */
#ifndef RCUSCOPE_CACHES_H
#define RCUSCOPE_CACHES_H

#include "caller.h"
#include "emit.h"
#include "follow.h"
#include "rcu_data.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kmem_cache_order_objects {
	unsigned int x;
};

struct kmem_cache_node {
	unsigned long nr_partial;
	struct list_head partial;
	atomic_long_t nr_slabs; /* with CONFIG_SLUB_DEBUG */
};

struct kmem_cache {
	unsigned int size;
	unsigned int offset;
	struct kmem_cache_order_objects oo;
	struct kmem_cache_order_objects min;
	int refcount;
	const char *name;
	unsigned long random; /* with CONFIG_SLAB_FREELIST_HARDENED */
};

/* Linux 6.1 and 6.12 have an array of pointers. On 7.2 it is an array of structures. */
struct kmem_cache___nodes {
	struct kmem_cache_node *node[1];
};

struct kmem_cache_per_node_ptrs___per_node {
	struct kmem_cache_node *node;
};

struct kmem_cache___per_node {
	struct kmem_cache_per_node_ptrs___per_node per_node[1];
};

/* A tail page of a compound page has the address of the head page here, with bit 0 set. */
struct page___head {
	unsigned long compound_head;
};

/*
 * On Linux 7.2 a tail page may have a mask instead, also with bit 0 set: the address of the tail
 * page with the mask applied is the head page. Bits 32 to 63 of a mask are set. No address of a
 * struct page has all of them set.
 */
struct page___info {
	unsigned long compound_info;
};

struct page {
};

/* Exists since Linux 5.17; before, struct page had these members. */
struct slab {
	struct kmem_cache *slab_cache;
	struct list_head slab_list;
	void *freelist;
	unsigned long counters; /* inuse:16, objects:15, frozen:1 */
};

#pragma clang attribute pop

/* mm/slub.c: OO_SHIFT, OO_MASK */
#define RS_OO_SHIFT 16
#define RS_OO_MASK  ((1U << RS_OO_SHIFT) - 1)

#define RS_PAGE_SHIFT	  12
#define RS_MAX_NODES	  16 /* nodes to look at; below: slabs of each node */
#define RS_MAX_SLABS	  256
#define RS_MAX_SLAB_ORDER 10

extern const void nr_node_ids __ksym __weak;
extern const void kvfree_rcu_barrier __ksym __weak;
/* Addresses of the direct map of all memory, and of its array of struct page. */
extern const void page_offset_base __ksym __weak;
extern const void vmemmap_base __ksym __weak;

/* A cache that a task destroys, and the caller of kmem_cache_destroy(). */
struct rs_cache_note {
	__u64 cache;
	__u64 caller;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, struct rs_cache_note);
} cache_notes SEC(".maps");

/* The kernel destroys caches under a mutex (slab_mutex), so one entry is enough. */
struct rs_slab_work {
	struct rs_cache_slab slab;
	__u64 object; /* next free object; 0: none */
	__u64 random;
	__u32 offset;
	__u32 broken; /* the list of free objects is inconsistent */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_slab_work);
} slab_work SEC(".maps");

static __always_inline struct rs_slab_work *rs_slab_work(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&slab_work, &zero);
}

static long rs_free_object(__u32 index, void *unused)
{
	struct rs_slab_work *work = rs_slab_work();
	__u64 at, next = 0, number;

	if (!work || !work->object)
		return 1;
	number = work->slab.object_size ? (work->object - work->slab.start) / work->slab.object_size
					: RS_SLAB_OBJECTS;
	if (number >= work->slab.objects || number >= RS_SLAB_OBJECTS) {
		work->broken = 1;
		return 1;
	}
	work->slab.free[(number >> 6) & (RS_SLAB_OBJECTS / 64 - 1)] |= 1ULL << (number & 63);
	at = work->object + work->offset;
	if (bpf_probe_read_kernel(&next, sizeof(next), (void *)at)) {
		work->broken = 1;
		return 1;
	}
	/* mm/slub.c: freelist_ptr_decode() */
	if (work->random)
		next ^= work->random ^ __builtin_bswap64(at);
	work->object = next;
	return 0;
}

static __always_inline __u32 rs_slab_order(struct kmem_cache *cache, __u32 objects)
{
	__u32 usual = BPF_CORE_READ(cache, oo.x), least = BPF_CORE_READ(cache, min.x);
	__u32 order = ((usual & RS_OO_MASK) == objects ? usual : least) >> RS_OO_SHIFT;

	return order < RS_MAX_SLAB_ORDER ? order : RS_MAX_SLAB_ORDER;
}

struct rs_slab_walk {
	struct kmem_cache *cache;
	__u64 head;  /* address of the list head */
	__u64 entry; /* list entry of the next slab */
	__u64 in_use;
};

static long rs_look_at_slab(__u32 index, struct rs_slab_walk *walk)
{
	struct rs_slab_work *work = rs_slab_work();
	struct rs_cpu *cpu = rs_this_cpu();
	struct kmem_cache *cache = walk->cache;
	struct rs_cache_slab *record;
	struct list_head *entry = (void *)walk->entry;
	struct slab *slab = NULL;
	__u64 counters;

	if (!work || !cpu || !walk->entry || walk->entry == walk->head)
		return 1;
	slab = (void *)walk->entry - bpf_core_field_offset(slab->slab_list);
	walk->entry = (__u64)BPF_CORE_READ(entry, next);
	counters = BPF_CORE_READ(slab, counters);
	__builtin_memset(work, 0, sizeof(*work));
	work->slab.cache = (__u64)cache;
	work->slab.object_size = BPF_CORE_READ(cache, size);
	work->slab.in_use = counters & 0xffff;
	work->slab.objects = counters >> 16 & 0x7fff;
	work->offset = BPF_CORE_READ(cache, offset);
	if (bpf_core_field_exists(cache->random))
		work->random = BPF_CORE_READ(cache, random);
	work->object = (__u64)BPF_CORE_READ(slab, freelist);
	walk->in_use += work->slab.in_use;
	/* A slab is aligned to its size. */
	work->slab.start =
		work->object &
		~((1ULL << (RS_PAGE_SHIFT + rs_slab_order(cache, work->slab.objects))) - 1);
	if (!work->object)
		return 0;
	bpf_loop(RS_SLAB_OBJECTS, rs_free_object, NULL, 0);
	record = rs_begin(rs_cache_slab, cpu, RS_CACHE_SLAB,
			  work->broken || work->object ? 0 : RS_SLAB_FREE_KNOWN);
	if (!record)
		return 0;
	record->cache = work->slab.cache;
	record->start = work->slab.start;
	record->object_size = work->slab.object_size;
	record->objects = work->slab.objects;
	record->in_use = work->slab.in_use;
	record->reserved = 0;
	__builtin_memcpy(record->free, work->slab.free, sizeof(record->free));
	rs_send(record);
	return 0;
}

/*
 * NULL: there is no such node, or the kernel's layout is not known. Not inlined, and one read for
 * each layout: the compiler must not use an offset before it is known to exist.
 */
static __noinline struct kmem_cache_node *rs_node_of(struct kmem_cache *cache, __u32 number)
{
	struct kmem_cache___per_node *per_node = (void *)cache;
	struct kmem_cache___nodes *nodes = (void *)cache;
	struct kmem_cache_node *node = NULL;

	if (bpf_core_field_exists(nodes->node))
		bpf_probe_read_kernel(&node, sizeof(node),
				      (void *)nodes + bpf_core_field_offset(nodes->node) +
					      number * sizeof(void *));
	else if (bpf_core_field_exists(per_node->per_node))
		bpf_probe_read_kernel(
			&node, sizeof(node),
			(void *)per_node + bpf_core_field_offset(per_node->per_node) +
				number * bpf_core_type_size(
						 struct kmem_cache_per_node_ptrs___per_node) +
				bpf_core_field_offset(struct kmem_cache_per_node_ptrs___per_node,
						      node));
	return node;
}

/* The kernel did not destroy the cache, because it still has objects. */
static __always_inline void rs_cache_left(const struct rs_cache_note *note)
{
	struct kmem_cache *cache = (void *)note->cache;
	struct rs_slab_walk walk = { .cache = cache };
	__u32 nodes = 1, per_slab = BPF_CORE_READ(cache, oo.x) & RS_OO_MASK;
	struct rs_cpu *cpu = rs_this_cpu();
	struct rs_cache_left *record;
	__u64 full = 0;

	if (!cpu)
		return;
	if (&nr_node_ids)
		bpf_probe_read_kernel(&nodes, sizeof(nodes), &nr_node_ids);
	for (__u32 i = 0; i < RS_MAX_NODES; i++) {
		struct kmem_cache_node *node;
		__u64 partial, all;

		if (i >= nodes)
			break;
		node = rs_node_of(cache, i);
		if (!node)
			continue;
		walk.head = (__u64)node + bpf_core_field_offset(node->partial);
		walk.entry = (__u64)BPF_CORE_READ(node, partial.next);
		bpf_loop(RS_MAX_SLABS, rs_look_at_slab, &walk, 0);
		if (!bpf_core_field_exists(node->nr_slabs))
			continue;
		partial = BPF_CORE_READ(node, nr_partial);
		all = BPF_CORE_READ(node, nr_slabs.counter);
		full += all > partial ? all - partial : 0;
	}
	record = rs_begin(rs_cache_left, cpu, RS_CACHE_LEFT,
			  &kvfree_rcu_barrier ? RS_CACHE_KVFREE_BARRIER : 0);
	if (!record)
		return;
	record->cache = note->cache;
	record->caller = note->caller;
	record->objects = walk.in_use + full * per_slab;
	bpf_probe_read_kernel_str(record->name, sizeof(record->name), BPF_CORE_READ(cache, name));
	rs_send_urgent(record);
}

#define RS_MAX_PENDING 65536 /* callbacks to look at in each list */

/*
 * Used by one task at a time. It is in a map, so the verifier does not track its values through the
 * loops.
 */
struct rs_pending_work {
	__u64 busy;
	__u64 entry; /* next callback of a list; 0: none */
	__u64 callbacks;
	__u64 heads[RS_CACHE_HEADS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_pending_work);
} pending_work SEC(".maps");

static __always_inline struct rs_pending_work *rs_pending_work(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&pending_work, &zero);
}

struct rs_cache_walk {
	__u64 cache;
	__u64 page_offset;
	__u64 pages;
};

/* `page` and result: addresses of struct page. */
static __always_inline __u64 rs_head_page(__u64 page)
{
	struct page___head *head = (void *)page;
	struct page___info *info = (void *)page;
	__u64 word = 0;

	if (bpf_core_field_exists(head->compound_head))
		word = BPF_CORE_READ(head, compound_head);
	else if (bpf_core_field_exists(info->compound_info))
		word = BPF_CORE_READ(info, compound_info);
	if (!(word & 1))
		return page;
	return word >> 32 == 0xffffffff ? page & word : word - 1;
}

/* Cache that owns the memory at the address; 0 or an arbitrary value if none does. */
static __always_inline __u64 rs_cache_of(const struct rs_cache_walk *walk, __u64 address)
{
	__u64 number = (address - walk->page_offset) >> RS_PAGE_SHIFT;
	__u64 page = walk->pages + number * bpf_core_type_size(struct page);
	struct slab *slab = (void *)rs_head_page(page);

	return (__u64)BPF_CORE_READ(slab, slab_cache);
}

static long rs_look_at_pending(__u32 index, struct rs_cache_walk *walk)
{
	struct rs_pending_work *work = rs_pending_work();
	struct callback_head *callback;
	__u64 number;

	if (!work || !work->entry)
		return 1;
	callback = (void *)work->entry;
	work->entry = (__u64)BPF_CORE_READ(callback, next);
	if (rs_cache_of(walk, (__u64)callback) != walk->cache)
		return 0;
	number = work->callbacks++;
	if (number < RS_CACHE_HEADS)
		work->heads[number] = (__u64)callback;
	return 0;
}

static long rs_look_at_lists(__u32 cpu, struct rs_cache_walk *walk)
{
	struct rs_pending_work *work = rs_pending_work();
	struct rcu_data *data = rs_rcu_data(cpu);

	if (!work || !data)
		return 0;
	work->entry = (__u64)BPF_CORE_READ(data, cblist.head);
	bpf_loop(RS_MAX_PENDING, rs_look_at_pending, walk, 0);
	if (!rs_has_bypass())
		return 0;
	work->entry = rs_first_bypassed(data);
	bpf_loop(RS_MAX_PENDING, rs_look_at_pending, walk, 0);
	return 0;
}

static __always_inline void rs_send_cache_pending(struct rs_cpu *cpu,
						  const struct rs_cache_note *note,
						  const struct rs_pending_work *work)
{
	struct kmem_cache *cache = (void *)note->cache;
	struct rs_cache_pending *record = rs_begin(rs_cache_pending, cpu, RS_CACHE_PENDING, 0);

	if (!record)
		return;
	record->cache = note->cache;
	record->caller = note->caller;
	record->callbacks = work->callbacks;
	__builtin_memcpy(record->heads, work->heads, sizeof(record->heads));
	bpf_probe_read_kernel_str(record->name, sizeof(record->name), BPF_CORE_READ(cache, name));
	rs_send(record);
}

static __always_inline void rs_look_for_pending(const struct rs_cache_note *note)
{
	struct rs_cache_walk walk = { .cache = note->cache };
	struct rs_pending_work *work = rs_pending_work();
	struct rs_cpu *cpu = rs_this_cpu();

	if (!work || !cpu || !&page_offset_base || !&vmemmap_base ||
	    !bpf_core_type_exists(struct slab))
		return;
	if (__sync_lock_test_and_set(&work->busy, 1)) {
		rs_count_loss(cpu, 1);
		return;
	}
	work->callbacks = 0;
	__builtin_memset(work->heads, 0, sizeof(work->heads));
	bpf_probe_read_kernel(&walk.page_offset, sizeof(walk.page_offset), &page_offset_base);
	bpf_probe_read_kernel(&walk.pages, sizeof(walk.pages), &vmemmap_base);
	bpf_loop(cpu_limit, rs_look_at_lists, &walk, 0);
	if (work->callbacks)
		rs_send_cache_pending(cpu, note, work);
	__sync_lock_test_and_set(&work->busy, 0);
}

static __always_inline void rs_cache_destroyed(__u64 cache, __u64 caller)
{
	struct rs_cache_note note = { .cache = cache, .caller = rs_tail_call_caller(caller) };
	struct kmem_cache *destroyed = (void *)cache;
	__u64 key = rs_task_key();

	/*
	 * The kernel does not shut down a cache that is merged with others, so an old note may
	 * remain.
	 */
	if (!cache || !rs_followed_called(note.caller)) {
		bpf_map_delete_elem(&cache_notes, &key);
		return;
	}
	rs_hit(RS_COUNT_CACHE);
	bpf_map_update_elem(&cache_notes, &key, &note, BPF_ANY);
	/* A merged cache keeps its memory. */
	if (BPF_CORE_READ(destroyed, refcount) <= 1)
		rs_look_for_pending(&note);
}

static __always_inline void rs_cache_shut_down(int error)
{
	__u64 key = rs_task_key();
	struct rs_cache_note *note = bpf_map_lookup_elem(&cache_notes, &key);

	if (!note)
		return;
	if (error && bpf_core_type_exists(struct slab))
		rs_cache_left(note);
	bpf_map_delete_elem(&cache_notes, &key);
}

#endif /* RCUSCOPE_CACHES_H */
