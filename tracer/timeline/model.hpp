// SPDX-License-Identifier: BSD-2-Clause
//
// The timeline: what a recording says happened, in RCU's own terms.
//
// Times are nanoseconds since CaptureSummary::start (CLOCK_BOOTTIME), negative
// for what began before. A time that is not there is not known.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/boxed.hpp"
#include "base/compact_optional.hpp"
#include "base/long_list.hpp"
#include "base/seldom.hpp"
#include "base/shared_text.hpp"
#include "capture/event.hpp"
#include "capture/format.hpp"
#include "capture/metadata.hpp"
#include "timeline/code_place.hpp"

namespace rcuscope {

using Nanoseconds = std::int64_t;
using MaybeTime = std::optional<Nanoseconds>;

struct Loss {
    std::uint32_t cpu = 0;
    Nanoseconds from = 0; // the first record that could not be delivered
    Nanoseconds to = 0;   // the last
    std::uint64_t count = 0;
};

struct CaptureSummary {
    std::uint64_t start_boottime_ns = 0; // zero of all times
    ClockSnapshot clocks;
    Nanoseconds start = 0;  // always 0
    Nanoseconds end = 0;    // of the recording, or of the last event if it was cut off
    bool complete = false;  // it ended in order
    std::string end_reason; // Trailer::reason, or why the file ends early
    std::vector<std::string> command;
    std::optional<int> command_status;
    std::vector<std::string> followed;
    bool all_callbacks = false;
    struct Probe {
        std::string hook;
        std::string via;
        std::optional<std::uint64_t> hits; // none: the recording was cut off before they were counted
        std::uint64_t missed = 0;
    };
    std::vector<Probe> probes;
    std::vector<MissingInfo> missing;
    struct NotFollowed {
        std::string module;
        std::vector<std::string> calls; // "call_srcu()"
    };
    std::vector<NotFollowed> not_followed; // followed modules that use what is not recorded
    std::vector<Loss> lost;
    std::optional<CallbackLosses> lost_callbacks{}; // none: not known
    std::optional<FiredTrigger> fired{};            // a trigger that this recording was waiting for
    std::optional<RcuSequences> sequences_at_start; // none: not known exactly
    std::optional<RcuSequences> sequences_at_end;
    std::optional<OwnShare> own_share; // none: not known
    std::optional<RunStats> stats;     // none: not asked for, or not known
};

struct Task {
    std::uint32_t tid = 0;
    std::uint32_t tgid = 0;
    std::string comm; // the last one seen
    bool kthread = false;
};

// One life of a module: a module loaded twice is here twice.
struct ModuleLife {
    std::string name;
    bool followed = false;
    MaybeTime loaded;              // laid out in memory, init about to run
    MaybeTime init_done;           // the init function had returned
    std::optional<int> init_error; // what it returned, if that was an error
    MaybeTime exit;       // its exit function was called: by a probe in it, else delete_module(), which calls it
    MaybeTime exit_done;  // and had returned
    MaybeTime unprobing;  // the kernel began to remove the kprobes in it, after the exit function
    MaybeTime unprobed;   // and had removed them
    MaybeTime free_begin; // free_module() entered
    MaybeTime freed;      // free_module() returned: the memory is gone
    MaybeTime init_freed; // the memory of its init code is gone, in a life that goes on
    std::optional<std::uint32_t> going_tid; // the task that runs its exit function, or its failing init function
    // Callbacks into the module that had not begun to run, as counted in the kernel, which holds where records
    // were lost too. None: that moment was not seen, or the module is not followed.
    std::optional<std::uint64_t>
        pending_at_exit; // when its exit function had returned, or its init function with an error
    std::optional<std::uint64_t> pending_at_free; // at free_begin
    std::optional<std::uint64_t> pending_at_freed;
    struct Refusal { // of delete_module()
        Nanoseconds at = 0;
        int error = 0; // negative, as the kernel returned it
    };
    std::vector<Refusal> refusals;
    struct Reference { // try_module_get(), module_put()
        Nanoseconds at = 0;
        bool taken = false;     // else put
        std::int32_t count = 0; // references then held, as far as can be seen without a lock
        std::uint32_t cpu = 0;
        std::uint32_t tid = 0;
        std::string comm;
        CodePlace caller;
    };
    std::vector<Reference> references;
    struct Wakeup { // of the task that runs its exit function, which slept
        Nanoseconds at = 0;
        std::uint64_t head = 0; // of the callback whose function woke it; 0: something else did
    };
    std::vector<Wakeup> exit_wakeups; // the first of them
    // The number of callbacks that ran between the exit function's return and the free, and that would have run too
    // late without the time from unprobing to unprobed. Set by analysis/hazards.hpp; nullopt: not known.
    std::optional<std::uint64_t> late_without_probes;
    std::string verdict; // analysis/hazards.hpp: a sentence on how it went; empty for modules that are not followed
};

// How a module may wait for its callbacks otherwise than by rcu_barrier(), by its .ko (ModuleInfo).
struct ExitWays {
    std::string exit_waits_in;   // in what its exit function may sleep until it is woken; empty: it does not
    std::string exit_polls_with; // with what it may sleep again and again; empty: it does not
    std::map<std::string, std::string> wakers; // functions that wake somebody, with what
};

// A leaf of RCU's tree heard of quiescent states of some of its CPUs.
struct QuiescentState {
    Nanoseconds at = 0;
    event::QuiescentKind kind = event::QuiescentKind::self;
    std::vector<std::uint32_t> cpus;
    bool last = false;            // of its leaf's CPUs
    bool blocked_readers = false; // the leaf waits for preempted readers, too
};

// For whom a grace period waits, found out at a forced scan or at a tick.
struct PreemptedReader {
    Nanoseconds at = 0;
    std::uint32_t tid = 0;
    std::string comm;
};
struct BusyCpu {
    Nanoseconds at = 0;
    std::uint32_t cpu = 0;
    std::uint32_t tid = 0;
    std::string comm;
    std::vector<CodePlace> stack; // of the task, innermost first; none: it was in user mode
    Nanoseconds no_tick = 0;      // the CPU had had no timer tick for so long; 0: it had, or nothing is known
};

// Who made a grace period as long as it was.
enum class HolderKind : std::uint8_t {
    unknown,
    read_section,     // of a followed module
    preempted_reader, // any task that was preempted within a section
    busy_cpu,         // in the kernel, without a context switch
    idle_cpu,         // idle, in user mode or offline, and noticed by a forced scan
    gp_kthread,       // everything was in, but RCU's own thread did not run
};
struct Holder {
    HolderKind kind = HolderKind::unknown;
    std::optional<std::uint32_t> cpu;
    std::optional<std::uint32_t> tid;
    std::string comm;
    CodePlace place;
    Nanoseconds held = 0; // this much of the grace period
    std::vector<CodePlace> stack;
    std::string text; // one sentence
};

struct GracePeriod {
    std::uint32_t id = 0; // unique in this timeline, by time, from 1
    SharedText flavor;    // "rcu"
    bool expedited = false;
    std::int64_t gp_seq = 0;   // while in progress, signed: as the kernel's own trace events print it
    bool began_before = false; // the recording, so perhaps for the tracer's own sake: left out of every statistic
    MaybeTime start;           // had begun; none: before the recording, or not seen
    Nanoseconds start_uncertainty = 0; // it began in [start - start_uncertainty, start]
    MaybeTime end;                     // every quiescent state was in; none: still in progress at the end
    MaybeTime cleaned;                 // the kernel had announced the end everywhere
    MaybeTime requested;               // somebody first asked for it
    std::uint64_t scans = 0;           // forced scans
    MaybeTime first_scan;
    std::vector<QuiescentState> quiescent_states;
    std::vector<PreemptedReader> preempted_readers;
    std::vector<BusyCpu> busy_cpus;
    Boxed<Holder> held_by; // analysis/holders.hpp; none: it has not ended, or began unseen
};

// How a read-side section was known.
enum class SectionBy : std::uint8_t {
    rcu_read_lock, // its rcu_read_lock() was seen
    function,      // it is a call of a function that the user said to be a reader
};

// What was found of a section of which no end was seen.
enum class SectionLeft : std::uint8_t {
    no,         // nothing: it may be open still
    task_ended, // its task ended within it
    user_mode,  // its task ran in user mode within it
    idle,       // it was begun in an interrupt over an idle task, which went on within it
    unseen_end, // its task ended and was in no section: it had ended at a place that has no probe
};

struct ReadSection {
    std::uint32_t tid = 0;
    SharedText comm;
    std::uint32_t cpu = 0; // where it began
    Nanoseconds begin = 0;
    MaybeTime end;
    CodePlace place;           // of the rcu_read_lock(), or the function's beginning
    std::uint32_t nesting = 0; // how many sections of the task were already open
    SectionBy by = SectionBy::rcu_read_lock;
    struct OffCpu { // its task did not run
        Nanoseconds at = 0;
        MaybeTime until;
        bool voluntary = false; // it blocked, or yielded; else it was preempted
    };
    Seldom<OffCpu> off_cpu{};
    SectionLeft left = SectionLeft::no;
    Nanoseconds left_at = 0; // when that was found

    bool never_ended() const { return left != SectionLeft::no && left != SectionLeft::unseen_end && !end; }
    // It lasted at most until then. None: nothing is known, and it may be open.
    MaybeTime known_end() const {
        return end || left == SectionLeft::no || left == SectionLeft::user_mode ? end : MaybeTime(left_at);
    }
};

enum class CallbackState : std::uint8_t {
    done,    // invoked and returned
    pending, // not invoked by the end of the recording
    unknown, // its end may have fallen into a loss, or the recording was cut off
};

enum class InvocationContext : std::uint8_t { unknown, softirq, ksoftirqd, rcuc, rcuo };

using event::QueueContext;

struct Callback {         // there are millions: what is not needed is left out, and what can be small is
    std::uint32_t id = 0; // unique in this timeline, by time of queueing, from 1
    SharedPlace function;
    SharedPlace caller; // of call_rcu()
    SharedText queued_comm;
    std::uint64_t head = 0; // address of the rcu_head
    Nanoseconds queued = 0;
    CompactOptional<Nanoseconds> invoked;
    CompactOptional<Nanoseconds> done;
    std::uint32_t queued_tid = 0;
    CompactOptional<std::uint32_t> grace_period; // id of the one whose end released it
    CompactOptional<std::uint32_t> stack;        // of who queued it: place in Timeline::stacks
    std::uint16_t queued_cpu = 0;
    CompactOptional<std::uint32_t, std::uint16_t> invoked_cpu;
    InvocationContext context = InvocationContext::unknown;
    CallbackState state = CallbackState::unknown;
    QueueContext queued_in = QueueContext::unknown; // an interrupt: queued_tid is the task that it interrupted
    bool lazy = false; // RCU was free to hold it back until something else needs a grace period
};
static_assert(max_cpus < std::numeric_limits<std::uint16_t>::max());

// A call of kvfree_rcu() or kfree_rcu(). When the memory was freed is not known.
struct KvfreeCall {
    Nanoseconds at = 0;
    std::uint32_t cpu = 0;
    std::uint32_t tid = 0;
    SharedText comm;
    CodePlace caller;
    std::uint64_t object = 0;                // its address
    bool headless = false;                   // without a rcu_head: it may have waited for a grace period right there
    std::optional<std::uint32_t> stack;      // as Callback::stack
    QueueContext in = QueueContext::unknown; // as Callback::queued_in
};

// One run of rcu_do_batch().
struct Batch {
    std::uint32_t cpu = 0;      // where it ran
    std::uint32_t list_cpu = 0; // whose callbacks
    std::uint32_t tid = 0;
    InvocationContext context = InvocationContext::unknown;
    Nanoseconds begin = 0;
    MaybeTime end;
    std::uint64_t callbacks = 0; // recorded ones among those it ran
};

struct Wait {
    event::WaitKind kind = event::WaitKind::synchronize_rcu;
    std::uint32_t tid = 0;
    SharedText comm;
    CodePlace caller;
    bool expedited = false; // by itself, or as synchronize_rcu() where that is made so
    Nanoseconds begin = 0;
    MaybeTime end;
    std::optional<std::uint32_t> stack{}; // as Callback::stack
};

struct FunctionCall {
    CodePlace function;
    std::uint32_t tid = 0;
    SharedText comm;
    std::uint32_t cpu = 0;
    Nanoseconds begin = 0;
    MaybeTime end;
};

// A recording tells no more of them, and of all together no more slabs.
inline constexpr std::size_t most_caches_left = 64;
inline constexpr std::size_t most_cache_slabs = 4096;

// A followed module called kmem_cache_destroy(), and the kernel did not destroy the cache, since objects of it were not
// free.
struct CacheLeft {
    Nanoseconds at = 0;
    std::uint32_t tid = 0;
    SharedText comm;
    SharedPlace caller;
    std::string name;
    std::uint64_t objects = 0;   // that were not free
    bool kvfree_barrier = false; // the kernel has kvfree_rcu_barrier()
    // Memory that holds some free objects, and some that are not; by address.
    std::vector<event::CacheSlab::What> slabs{};

    // Whether an object, by any address within it, is known not to have been free.
    bool holds(std::uint64_t address) const;
};

// A followed module called kmem_cache_destroy() while callbacks were queued that had objects of the cache, and the
// kernel destroyed it: they were done before it looked.
struct CachePending {
    Nanoseconds at = 0;
    std::uint32_t tid = 0;
    SharedText comm;
    SharedPlace caller;
    std::uint64_t cache = 0; // its address
    std::string name;
    std::uint64_t callbacks = 0;        // that were queued
    std::vector<std::uint64_t> heads{}; // of the first of them; sorted
};

// What went wrong, or nearly so, in the module's use of RCU.
struct Hazard {
    std::string kind;     // "freed-with-pending-callbacks"
    std::string severity; // "fatal", "latent", "warning"
    std::string module;
    Nanoseconds at = 0;
    std::vector<std::uint32_t> callbacks;     // ids of those concerned
    std::vector<std::size_t> read_sections{}; // places in Timeline::read_sections of those concerned
    std::string text;                         // one sentence, with the remedy
};

// What the builder has seen of all callbacks together, so that who looks for what is wrong need not look where nothing
// can be. As it is here, nothing is known.
struct CallbackBounds {
    // At most so many had been queued and were not invoked, at any time.
    std::uint64_t most_pending = std::numeric_limits<std::uint64_t>::max();
    // Each head's were invoked before it was queued again, surely.
    bool heads_in_turn = false;
};

struct Timeline {
    HostInfo host;
    CaptureSummary capture;
    std::vector<Task> tasks;                   // by tid
    std::vector<ModuleLife> modules;           // by first time known
    std::map<std::string, ExitWays> exit_ways; // by the module's name, where they are known
    std::vector<GracePeriod> grace_periods;    // by start
    LongList<ReadSection> read_sections;       // by begin
    LongList<Callback> callbacks;              // by queued
    CallbackBounds callback_bounds;
    LongList<Batch> batches;                  // by begin
    LongList<KvfreeCall> kvfree_calls;        // by time
    LongList<Wait> waits;                     // by begin
    LongList<FunctionCall> function_calls;    // by begin
    std::vector<CacheLeft> caches_left;       // by time; no more than most_caches_left
    std::vector<CachePending> caches_pending; // by time; no more than most_caches_left
    std::vector<Hazard> hazards;              // by time
    // Of call_rcu(), kvfree_rcu() and waits, where they were asked for: each different one once, the caller first.
    std::vector<std::vector<CodePlace>> stacks;
};

const char* to_text(CallbackState state);       // "done", "pending", "unknown"
const char* to_text(InvocationContext context); // "softirq", ...
const char* to_text(QueueContext context);      // "task", "softirq", "hardirq"; "unknown"
const char* to_text(HolderKind kind);           // "read-section", ...
const char* to_text(SectionBy by);              // "rcu_read_lock", "function"
const char* to_text(SectionLeft left);          // "task-ended", "user-mode", "idle", "unseen-end"; "": no
const char* to_text(event::QuiescentKind kind); // "self", "scan", "init", "other"
const char* to_text(event::WaitKind kind);      // "synchronize_rcu", ...

} // namespace rcuscope
