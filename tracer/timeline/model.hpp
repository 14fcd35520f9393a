// SPDX-License-Identifier: BSD-2-Clause
//
// The timeline: what happened in a recording, in RCU's own terms. TimelineBuilder (builder.hpp) makes it; analysis/ and
// export/ read it and do not change it.
//
// Times are nanoseconds since CaptureSummary::start (CLOCK_BOOTTIME), negative before the start. A missing time is not
// known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/compact_optional.hpp"
#include "base/pooled_string.hpp"
#include "base/rare_list.hpp"
#include "base/spill_vector.hpp"
#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "timeline/code_location.hpp"
#include "timeline/nanoseconds.hpp"
#include "timeline/recording.hpp"

namespace rcuscope {

struct Loss {
    std::uint32_t cpu = 0;
    Nanoseconds from = 0; // time of the first record that was lost
    Nanoseconds to = 0;   // time of the last one
    std::uint64_t count = 0;
};

struct CaptureSummary {
    std::uint64_t start_boottime_ns = 0; // the zero of all times
    ClockSnapshot clocks;
    Nanoseconds start = 0;  // always 0
    Nanoseconds end = 0;    // end of the recording; time of the last event if it was cut off
    bool complete = false;  // the capture has a trailer
    std::string end_reason; // Trailer::reason, or why the file ends early
    std::vector<std::string> command;
    std::optional<int> command_status;
    std::vector<std::string> followed;
    bool all_callbacks = false;
    struct Probe {
        std::string hook;
        std::string via;
        std::optional<std::uint64_t> hits; // none: the recording was cut off before the count
        std::uint64_t missed = 0;
    };
    std::vector<Probe> probes;
    std::vector<MissingInfo> missing;
    struct NotFollowed {
        std::string module;
        std::vector<std::string> calls; // "call_srcu()"
    };
    std::vector<NotFollowed> not_followed; // followed modules that use functions that are not recorded
    std::vector<Loss> lost;
    std::optional<CallbackLosses> lost_callbacks{}; // none: not known
    std::optional<FiredTrigger> fired{};            // the trigger that fired; none: the recording waited for none
    std::optional<RcuSequences> sequences_at_start; // none: not exactly known
    std::optional<RcuSequences> sequences_at_end;
    std::optional<OwnShare> own_share; // none: not known
    std::optional<RunStats> stats;     // none: not requested, or not known
};

struct Task {
    std::uint32_t tid = 0;
    std::uint32_t tgid = 0;
    std::string comm; // the last one seen
    bool kthread = false;
};

// One life of a module, from load to free. A module that is loaded twice has two.
struct ModuleLife {
    std::string name;
    bool followed = false;
    MaybeTime loaded;              // its memory is laid out and its init function is about to run
    MaybeTime init_done;           // its init function returned
    std::optional<int> init_error; // what the init function returned, if an error
    MaybeTime exit;                // call of its exit function, by a probe in it; else the call of delete_module()
    MaybeTime exit_done;           // return of its exit function
    MaybeTime unprobing;           // after the exit function, the kernel began to remove the kprobes in the module
    MaybeTime unprobed;            // the kernel had removed these kprobes
    MaybeTime free_begin;          // free_module() entered
    MaybeTime freed;               // free_module() returned: the memory is freed
    MaybeTime init_freed;          // the memory of its init code is freed, and the module stays loaded
    std::optional<std::uint32_t> going_tid; // the task that runs its exit function, or its failing init function
    // Number of callbacks into the module that had not begun to run. Counted in the kernel, so right even if records
    // were lost. None: the moment was not seen, or the module is not followed.
    std::optional<std::uint64_t> pending_at_exit; // when its exit function returned, or its init function with an error
    std::optional<std::uint64_t> pending_at_free; // at free_begin
    std::optional<std::uint64_t> pending_at_freed; // at freed
    struct Refusal {                               // delete_module() returned an error
        Nanoseconds at = 0;
        int error = 0; // negative errno
    };
    std::vector<Refusal> refusals;
    struct Reference { // try_module_get(), module_put()
        Nanoseconds at = 0;
        bool taken = false;     // else: put
        std::int32_t count = 0; // references then held; read without a lock, so approximate
        std::uint32_t cpu = 0;
        std::uint32_t tid = 0;
        std::string comm;
        CodeLocation caller;
    };
    std::vector<Reference> references;
    struct Wakeup { // of the sleeping task that runs its exit function
        Nanoseconds at = 0;
        std::uint64_t head = 0; // rcu_head of the callback whose function woke it; 0: not a callback
    };
    std::vector<Wakeup> exit_wakeups; // the first wakeups only
};

// Ways other than rcu_barrier() in which a module may wait for its callbacks. Source: its .ko (ModuleInfo).
struct ExitWays {
    std::string exit_waits_in;   // function in which its exit function may sleep until a wakeup; empty: none
    std::string exit_polls_with; // function with which it may sleep in a loop; empty: none
    std::map<std::string, std::string> wakers; // functions that wake a task, and the kernel function they use
};

// A leaf of the rcu_node tree got reports of quiescent states for some of its CPUs.
struct QuiescentState {
    Nanoseconds at = 0;
    event::QuiescentKind kind = event::QuiescentKind::self;
    std::vector<std::uint32_t> cpus;
    bool last = false;            // the leaf waits for no further CPU
    bool blocked_readers = false; // the leaf also waits for preempted readers
};

// Tasks for which a grace period waits. A forced scan finds preempted readers, a timer tick finds busy CPUs.
struct PreemptedReader {
    Nanoseconds at = 0;
    std::uint32_t tid = 0;
    std::string comm;
    bool on_lock = false; // it waited for a lock that sleeps with CONFIG_PREEMPT_RT; else it was preempted
    bool boosted = false; // RCU had raised its priority
};
struct BusyCpu {
    Nanoseconds at = 0;
    std::uint32_t cpu = 0;
    std::uint32_t tid = 0;
    std::string comm;
    std::vector<CodeLocation> stack; // of the task, innermost first; empty: it was in user mode
    Nanoseconds no_tick = 0;         // for so long the CPU had no timer tick; 0: it had ticks, or not known
};

struct GracePeriod {
    std::uint32_t id = 0; // unique in this timeline, in order of time, from 1
    PooledString flavor;  // "rcu"
    bool expedited = false;
    std::int64_t gp_seq = 0;   // value while in progress; signed, as the kernel's own trace events print it
    bool began_before = false; // before the recording, so perhaps due to the tracer itself: no statistic counts it
    MaybeTime start;           // none: before the recording, or not seen
    Nanoseconds start_uncertainty = 0; // it began in [start - start_uncertainty, start]
    MaybeTime end;                     // all quiescent states reported; none: in progress at the end of the recording
    MaybeTime cleaned;                 // the kernel had announced the end everywhere
    MaybeTime requested;               // first request for it
    std::uint64_t scans = 0;           // forced scans
    MaybeTime first_scan;
    std::vector<QuiescentState> quiescent_states;
    std::vector<PreemptedReader> preempted_readers;
    std::vector<BusyCpu> busy_cpus;
};

// The source of a read-side section.
enum class SectionBy : std::uint8_t {
    rcu_read_lock, // a probe saw its rcu_read_lock()
    function,      // a call of a function that the user declared to be a reader
};

// Evidence about a section whose end was not seen.
enum class SectionLeft : std::uint8_t {
    no,         // none: it may still be open
    task_ended, // its task ended within it
    user_mode,  // its task ran in user mode within it
    idle,       // it began in an interrupt of an idle task, and that task gave up the CPU within it
    unseen_end, // its task ended in no section, so the section ended at an instruction without a probe
};

struct ReadSection {
    std::uint32_t tid = 0;
    PooledString comm;
    std::uint32_t cpu = 0; // where it began
    Nanoseconds begin = 0;
    MaybeTime end;
    CodeLocation place;        // of the rcu_read_lock(), or the start of the reader function
    std::uint32_t nesting = 0; // number of sections of the task that were already open
    SectionBy by = SectionBy::rcu_read_lock;
    struct OffCpu { // a time in which its task did not run
        Nanoseconds at = 0;
        MaybeTime until;
        bool voluntary = false; // the task blocked or yielded, which a reader must not
        bool lock = false;      // it waited for a lock that sleeps with CONFIG_PREEMPT_RT; else it was preempted
    };
    RareList<OffCpu> off_cpu{};
    SectionLeft left = SectionLeft::no;
    Nanoseconds left_at = 0; // when that was found

    bool never_ended() const { return left != SectionLeft::no && left != SectionLeft::unseen_end && !end; }
    // Upper bound of its end. None: not known; it may still be open.
    MaybeTime known_end() const {
        return end || left == SectionLeft::no || left == SectionLeft::user_mode ? end : MaybeTime(left_at);
    }
};

enum class CallbackState : std::uint8_t {
    done,    // invoked and returned
    pending, // not invoked by the end of the recording
    unknown, // the records of its end may be lost, or the recording was cut off
};

enum class InvocationContext : std::uint8_t { unknown, softirq, ksoftirqd, rcuc, rcuo };

using event::QueueContext;

struct Callback {         // a recording has millions, so the size of this struct matters
    std::uint32_t id = 0; // unique in this timeline, in order of queueing, from 1
    PooledLocation function;
    PooledLocation caller; // of call_rcu()
    PooledString queued_comm;
    std::uint64_t head = 0; // address of the rcu_head
    Nanoseconds queued = 0;
    CompactOptional<Nanoseconds> invoked;
    CompactOptional<Nanoseconds> done;
    std::uint32_t queued_tid = 0;
    CompactOptional<std::uint32_t> grace_period; // id of the one whose end released it; it may be expedited
    CompactOptional<std::uint32_t> stack;        // of the call_rcu(): index in Timeline::stacks
    std::uint16_t queued_cpu = 0;
    CompactOptional<std::uint32_t, std::uint16_t> invoked_cpu;
    InvocationContext context = InvocationContext::unknown;
    CallbackState state = CallbackState::unknown;
    QueueContext queued_in = QueueContext::unknown; // in an interrupt, queued_tid is the interrupted task
    bool lazy = false; // lazy call_rcu(): RCU may delay it until another callback needs a grace period
};

// A call of kvfree_rcu() or kfree_rcu(). The time at which the memory is freed is not recorded.
struct KvfreeCall {
    Nanoseconds at = 0;
    std::uint32_t cpu = 0;
    std::uint32_t tid = 0;
    PooledString comm;
    CodeLocation caller;
    std::uint64_t object = 0;                // its address
    bool headless = false;                   // without an rcu_head: the call itself may have waited for a grace period
    std::optional<std::uint32_t> stack;      // as Callback::stack
    QueueContext in = QueueContext::unknown; // as Callback::queued_in
};

// One run of rcu_do_batch().
struct Batch {
    std::uint32_t cpu = 0;      // where it ran
    std::uint32_t list_cpu = 0; // the CPU whose callback list it ran
    std::uint32_t tid = 0;
    InvocationContext context = InvocationContext::unknown;
    Nanoseconds begin = 0;
    MaybeTime end;
    std::uint64_t callbacks = 0; // the recorded ones among the callbacks that it ran
};

struct Wait {
    event::WaitKind kind = event::WaitKind::synchronize_rcu;
    std::uint32_t tid = 0;
    PooledString comm;
    CodeLocation caller;
    bool expedited = false; // expedited by its name, or a synchronize_rcu() that the kernel made expedited
    Nanoseconds begin = 0;
    MaybeTime end;
    std::optional<std::uint32_t> stack{}; // as Callback::stack
};

struct FunctionCall {
    CodeLocation function;
    std::uint32_t tid = 0;
    PooledString comm;
    std::uint32_t cpu = 0;
    Nanoseconds begin = 0;
    MaybeTime end;
};

// Limits of one recording: the number of CacheLeft rows, also of CachePending rows, and of slabs in all of them.
inline constexpr std::size_t max_caches_left = 64;
inline constexpr std::size_t max_cache_slabs = 4096;

// A followed module called kmem_cache_destroy(), and the kernel did not destroy the cache, since some of its objects
// were in use.
struct CacheLeft {
    Nanoseconds at = 0;
    std::uint32_t tid = 0;
    PooledString comm;
    PooledLocation caller;
    std::string name;
    std::uint64_t objects = 0;   // in use
    bool kvfree_barrier = false; // the kernel has kvfree_rcu_barrier()
    // Slabs of the cache, with the objects that are free; by address.
    std::vector<event::CacheSlab::What> slabs{};

    // Whether the object that contains `address` is known to have been in use.
    bool holds(std::uint64_t address) const;
};

// A followed module called kmem_cache_destroy() while callbacks were queued whose rcu_head is in an object of the
// cache. The kernel destroyed the cache, since the callbacks were done before it checked for objects in use.
struct CachePending {
    Nanoseconds at = 0;
    std::uint32_t tid = 0;
    PooledString comm;
    PooledLocation caller;
    std::uint64_t cache = 0; // its address
    std::string name;
    std::uint64_t callbacks = 0;        // queued ones
    std::vector<std::uint64_t> heads{}; // of the first of these callbacks; sorted
};

// Two callbacks with one head, by their ids. No invocation of the first had been recorded when the second was queued:
// either the head was queued while it was pending, or the record of the invocation is missing.
struct Requeue {
    std::uint32_t first = 0; // the newest callback of this head that was queued before `second`
    std::uint32_t second = 0;
};

struct Timeline {
    HostInfo host;
    CaptureSummary capture;
    std::vector<Task> tasks;                   // by tid
    std::vector<ModuleLife> modules;           // by the first known time
    std::map<std::string, ExitWays> exit_ways; // by the module's name, if known
    std::vector<GracePeriod> grace_periods;    // by start
    SpillVector<ReadSection> read_sections;    // by begin
    SpillVector<Callback> callbacks;           // by queued
    SpillVector<Requeue> requeued;             // by the queueing of the second
    SpillVector<Batch> batches;                // by begin
    SpillVector<KvfreeCall> kvfree_calls;      // by time
    SpillVector<Wait> waits;                   // by begin
    SpillVector<FunctionCall> function_calls;  // by begin
    std::vector<CacheLeft> caches_left;        // by time; no more than max_caches_left
    std::vector<CachePending> caches_pending;  // by time; no more than max_caches_left
    // Stacks of call_rcu(), kvfree_rcu() and waits, if requested: each different stack once, the caller first.
    std::vector<std::vector<CodeLocation>> stacks;
    // The recording that was bound when the timeline was made: its rows refer to the storage of that one.
    const Recording* recording = Binding<Recording>::current_or_null();

    // Aborts unless that recording is the bound one: with another, the rows would have wrong names.
    void check_bound() const;
};

const char* to_text(CallbackState state);       // "done", "pending", "unknown"
const char* to_text(InvocationContext context); // "softirq", ...
const char* to_text(QueueContext context);      // "task", "softirq", "hardirq"; "unknown"
const char* to_text(SectionBy by);              // "rcu_read_lock", "function"
const char* to_text(SectionLeft left);          // "task-ended", "user-mode", "idle", "unseen-end"; "": no
const char* to_text(event::QuiescentKind kind); // "self", "scan", "init", "other"
const char* to_text(event::WaitKind kind);      // "synchronize_rcu", ...

} // namespace rcuscope
