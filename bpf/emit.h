/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sends records into per-CPU rings, counts losses and announces tasks by name.
 *
 * A program may interrupt another one on the same CPU (a call_rcu() in an interrupt, for example),
 * or preempt it for any length of time: fentry programs run with preemption on. All per-CPU state
 * here is therefore either only incremented or raised, or written as a whole so that writing it
 * twice is harmless.
 */
#ifndef RCUSCOPE_EMIT_H
#define RCUSCOPE_EMIT_H

#include "control.h"
#include "event_ring.h"
#include "event_ring_memory.h"
#include "kernel_types.h"
#include "raise.h"
#include "wire.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/*
 * max_entries is a placeholder: user space sets the number of CPUs. A BPF_MAP_TYPE_PERCPU_ARRAY
 * would also work, but its lookup is a helper call.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* makes it begin at a page boundary */
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rs_cpu);
} cpus SEC(".maps");

struct rs_comm {
	__u64 text[RS_COMM_LEN / 8];
};

/* Name under which each task was last announced. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct rs_comm);
} announced SEC(".maps");

__u64 announcements; /* number of announcements */

static __always_inline struct rs_cpu *rs_cpu_of(__u32 cpu)
{
	return bpf_map_lookup_elem(&cpus, &cpu);
}

static __always_inline struct rs_cpu *rs_this_cpu(void)
{
	return rs_cpu_of(bpf_get_smp_processor_id());
}

static __always_inline void rs_hit_on(struct rs_cpu *cpu, enum rs_counter counter)
{
	__sync_fetch_and_add(&cpu->hits[counter], 1);
}

static __always_inline void rs_hit(enum rs_counter counter)
{
	struct rs_cpu *cpu = rs_this_cpu();

	if (cpu)
		rs_hit_on(cpu, counter);
}

/*
 * The verifier allows a program to follow a kernel pointer, but not to use it as a number. Since
 * Linux 6.17 this includes a pointer to a function that is loaded from a structure. A value that is
 * read from memory is a number.
 */
static __always_inline __u64 rs_number_of(const void *pointer, volatile __u64 *place)
{
	*place = (__u64)pointer;
	return *place;
}

/*
 * The verifier knows the type of this pointer, so a program reads its members without a helper
 * call. Such calls are most of the cost of reading a member.
 */
static __always_inline struct task_struct *rs_this_task(void)
{
	return (struct task_struct *)bpf_get_current_task_btf();
}

static __always_inline void rs_fill(struct rs_header *h, __u32 tid, __u16 kind, __u16 aux)
{
	h->tid = tid;
	h->kind = kind;
	h->aux = aux;
}

static __always_inline void rs_count_losses(struct rs_cpu *cpu, __u64 from_ns, __u64 to_ns,
					    __u64 count)
{
	if (cpu->lost_total == cpu->lost_told)
		cpu->lost_from_ns = from_ns;
	rs_raise(&cpu->lost_to_ns, to_ns);
	__sync_fetch_and_add(&cpu->lost_total, count);
}

/*
 * `refused` grows before the loss reads the clock, just as a record reserves its room before it
 * reads the clock.
 */
static __always_inline void rs_count_loss(struct rs_cpu *cpu, __u64 count)
{
	__u64 now;

	__sync_fetch_and_add(&cpu->refused, count);
	now = rs_now();
	rs_count_losses(cpu, now, now, count);
}

static __always_inline void rs_submit(void *record, __u64 size)
{
	rs_ring_commit((struct rs_ring_header *)record - 1, size);
}

/*
 * Sends RS_LOST, so that the gap appears where it happened. False: there is no room for it either.
 */
RS_GLOBAL bool rs_tell_losses(struct rs_cpu *cpu, __u32 tid)
{
	struct rs_lost *lost;

	if (!cpu || !rs_ring_bytes)
		return false;
	lost = (struct rs_lost *)rs_ring_reserve_record(&cpu->ring, sizeof(*lost));
	if (!lost)
		return false;
	rs_fill(&lost->h, tid, RS_LOST, 0);
	lost->total = cpu->lost_total;
	lost->from_ns = cpu->lost_from_ns;
	lost->to_ns = cpu->lost_to_ns;
	cpu->lost_told = lost->total;
	rs_submit(lost, sizeof(*lost));
	return true;
}

/* Returns a record of `size` (a constant) with its time set. NULL: no room; the loss is counted. */
static __always_inline void *rs_reserve(struct rs_cpu *cpu, __u64 size, __u32 tid)
{
	void *record = NULL;

	if (cpu->lost_total == cpu->lost_told || rs_tell_losses(cpu, tid))
		record = rs_ring_reserve_record(&cpu->ring, size);
	if (!record)
		rs_count_loss(cpu, 1);
	return record;
}

/* Key of a task: its tid, or its CPU for an idle task, since all of these have tid 0. */
static __always_inline __u64 rs_key_of(__u32 tid)
{
	return tid ? tid : (1ULL << 32) | bpf_get_smp_processor_id();
}

static __always_inline __u64 rs_task_key(void)
{
	return rs_key_of((__u32)bpf_get_current_pid_tgid());
}

/*
 * This key changes with each announcement of any task. After one, the task may have changed its
 * name and changed it back, or its tid may have belonged to another task.
 */
static __always_inline __u64 rs_seen_key(__u32 tid)
{
	return rs_key_of(tid) + (announcements << 33);
}

/* Sends the current task's name if the task is new or has a new name. False: there is no room. */
RS_GLOBAL bool rs_announce_other(struct rs_cpu *cpu)
{
	struct task_struct *task = rs_this_task();
	const __u64 *name = (const __u64 *)task->comm;
	struct rs_comm comm = { { name[0], name[1] } }, *known;
	__u32 tid = task->pid;
	__u64 key = rs_key_of(tid), seen_key = rs_seen_key(tid); /* read before the lookup */
	struct rs_task *record;

	if (!cpu || !rs_ring_bytes)
		return false;
	known = bpf_map_lookup_elem(&announced, &key);
	if (known && known->text[0] == comm.text[0] && known->text[1] == comm.text[1]) {
		/*
		 * A program that interrupts these stores leaves a key and a name that match no
		 * task, or that are also correct.
		 */
		*(volatile __u64 *)&cpu->seen.key = 0;
		cpu->seen.name[0] = comm.text[0];
		cpu->seen.name[1] = comm.text[1];
		*(volatile __u64 *)&cpu->seen.key = seen_key;
		return true;
	}
	record = rs_reserve(cpu, sizeof(*record), tid);
	if (!record)
		return false;
	rs_fill(&record->h, tid, RS_TASK, 0);
	record->tgid = task->tgid;
	record->flags = task->flags & PF_KTHREAD ? RS_TASK_KTHREAD : 0;
	__builtin_memcpy(record->comm, &comm, sizeof(record->comm));
	rs_submit(record, sizeof(*record));
	bpf_map_update_elem(&announced, &key, &comm, BPF_ANY);
	__sync_fetch_and_add(&announcements, 1);
	return true;
}

/* Usually the task is the one seen last on this CPU, and no map lookup is needed. */
static __always_inline bool rs_announce_task(struct rs_cpu *cpu, struct task_struct *task,
					     __u32 tid)
{
	const __u64 *name = (const __u64 *)task->comm;

	/* Padded with zeros (__set_task_comm()). */
	return (cpu->seen.key == rs_seen_key(tid) && cpu->seen.name[0] == name[0] &&
		cpu->seen.name[1] == name[1]) ||
	       rs_announce_other(cpu);
}

/*
 * rs_begin() reserves a record, takes its time and fills in its header; NULL: no room. rs_send()
 * publishes it.
 */
#define rs_begin(type, cpu, kind, aux)                                                             \
	({                                                                                         \
		struct type *record_ = NULL;                                                       \
		if (rs_ring_bytes) {                                                               \
			struct task_struct *task_ = rs_this_task();                                \
			__u32 tid_ = task_->pid;                                                   \
			rs_announce_task(cpu, task_, tid_);                                        \
			record_ = rs_reserve(cpu, sizeof(struct type), tid_);                      \
			if (record_)                                                               \
				rs_fill(&record_->h, tid_, kind, aux);                             \
		}                                                                                  \
		record_;                                                                           \
	})

/* Like rs_begin(), for a task that was announced shortly before. */
#define rs_begin_as(type, cpu, tid, kind, aux)                                                     \
	({                                                                                         \
		struct type *record_ = NULL;                                                       \
		if (rs_ring_bytes) {                                                               \
			record_ = rs_reserve(cpu, sizeof(struct type), tid);                       \
			if (record_)                                                               \
				rs_fill(&record_->h, tid, kind, aux);                              \
		}                                                                                  \
		record_;                                                                           \
	})

#define rs_send(record) rs_submit(record, sizeof(*(record)))
/* Wakes user space, so that it reads the record at once. */
#define rs_send_urgent(record)                                                                     \
	({                                                                                         \
		rs_send(record);                                                                   \
		rs_wake();                                                                         \
	})

#endif /* RCUSCOPE_EMIT_H */
