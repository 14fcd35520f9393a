// SPDX-License-Identifier: BSD-2-Clause
//
// Events: the records of bpf/wire.h, checked and decoded. The timeline's builder takes them. Times are absolute
// CLOCK_BOOTTIME nanoseconds, addresses are raw kernel addresses, gp_seq values are raw (the two low bits are the
// state). The `cpu` of an event is the CPU whose ring held the record. bpf/wire.h says when each record is sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/boxed.hpp"
#include "base/boxed_text.hpp"

namespace rcuscope {

namespace event {

struct Lost {
    std::uint64_t total = 0;   // records lost on this CPU since the start
    std::uint64_t from_ns = 0; // of the newest run of losses
    std::uint64_t to_ns = 0;
};
struct Task {
    std::uint32_t tgid = 0;
    bool kthread = false;
    BoxedText comm; // untrusted: any bytes
};
struct Stack {                         // the stack at the task's next event, which has the same time
    std::vector<std::uint64_t> frames; // innermost first, including the tracer's own frames
};
struct GpStart {
    std::uint64_t gp_seq = 0;
    std::uint64_t since_ns = 0; // had not begun before this time; 0: unknown
    bool expedited = false;
};
struct GpEnd {
    std::uint64_t gp_seq = 0;
    bool expedited = false;
};
struct GpCleaned {
    std::uint64_t gp_seq = 0;
    bool expedited = false;
};
struct GpRequested {
    std::uint64_t gp_seq = 0;
};
enum class QuiescentKind : std::uint8_t { self, scan, init, other };
struct GpQuiescent { // for a leaf of the rcu_node tree: bit n of the masks is CPU first_cpu + n
    QuiescentKind kind = QuiescentKind::self;
    bool expedited = false;
    std::uint64_t gp_seq = 0;
    std::uint64_t mask = 0; // CPUs that now reported a quiescent state
    std::uint64_t left = 0; // CPUs for which the leaf still waits
    std::uint32_t first_cpu = 0;
    bool blocked = false; // the leaf also waits for preempted readers
};
struct GpScan {
    std::uint64_t gp_seq = 0;
    std::uint64_t count = 0; // number of the scan in this grace period, from 1
};
struct GpBlocked { // a scan found a preempted reader for which the grace period waits
    bool expedited = false;
    std::uint64_t gp_seq = 0;
    std::uint32_t tid = 0;
    std::uint32_t first_cpu = 0; // of the reader's leaf in the rcu_node tree
    BoxedText comm;
    bool on_lock = false; // it waits for a lock that sleeps with CONFIG_PREEMPT_RT
    bool boosted = false; // RCU has raised its priority (CONFIG_RCU_BOOST)
};
struct GpSample { // the grace period waits for the event's CPU, which runs the event's task
    bool expedited = false;
    std::uint32_t no_tick_us = 0; // microseconds that the CPU had no tick although one was due; 0: not long, or unknown
    std::uint64_t gp_seq = 0;
    std::vector<std::uint64_t> stack; // innermost first, including the tick's own frames
};
// The context of a call: a task, or an interrupt on top of an unrelated task.
enum class QueueContext : std::uint8_t { unknown, task, softirq, hardirq };
struct CbQueued {
    std::uint64_t head = 0;
    std::uint64_t func = 0;
    std::uint64_t caller = 0; // return address of call_rcu(); 0: unknown
    bool lazy = false;        // RCU may delay it (CONFIG_RCU_LAZY)
    bool end_unseen = false;  // its invocation and end are not recorded; both count as lost
    QueueContext in = QueueContext::unknown;
    bool jumped = false; // an unknown function jumped to call_rcu(): `caller` is the return address of that function
};
struct CbAssigned {
    std::uint64_t gp_seq = 0;
    std::uint64_t bypass_ns = 0; // callbacks queued at this time or later are not on the list yet; 0: all are
    std::uint64_t expedited_seq = 0;
    std::uint64_t reassigned_seq = 0; // callbacks with the same gp_seq and an earlier expedited one keep that
    std::uint32_t list_cpu = 0;
    bool either = false; // the end of the expedited grace period releases them, too; otherwise both are 0
};
struct CbInvoked {
    std::uint64_t head = 0;
    std::uint64_t func = 0;
    std::uint64_t done = 0; // head of the batch's previous callback, which is done at the event's time; 0: none
};
struct CbDone {
    std::uint64_t head = 0;
};
struct BatchBegin {
    std::uint32_t list_cpu = 0;
};
struct BatchEnd {
    std::uint32_t list_cpu = 0;
};
struct KvfreeRcu {
    std::uint64_t object = 0;
    std::uint64_t caller = 0; // return address of kvfree_call_rcu(); 0: unknown
    bool headless = false;    // without a rcu_head: the call itself may wait for a grace period
    QueueContext in = QueueContext::unknown;
};
enum class WaitKind : std::uint8_t { synchronize_rcu, synchronize_rcu_expedited, rcu_barrier };
struct WaitBegin {
    WaitKind kind = WaitKind::synchronize_rcu;
    std::uint64_t caller = 0; // return address; 0: unknown
};
struct WaitEnd {
    WaitKind kind = WaitKind::synchronize_rcu;
};
struct Site {
    std::uint64_t address = 0; // of the probed instruction; with is_return, of the function that returns
    bool is_return = false;
};
enum class ModuleStep : std::uint8_t {
    coming,
    live,
    failed,
    freeing,
    freed,
    unloading,
    exited,
    refused,
    init_done,
    init_freed,
    unprobing,
    unprobed
};
struct Module {
    ModuleStep step = ModuleStep::coming;
    BoxedText name;
    std::uint64_t base = 0;
    std::uint32_t size = 0;
    std::int32_t ret = 0; // init_done, failed: of the init function; refused: of delete_module()
};
struct ModuleSection {
    BoxedText module;
    BoxedText section;
    std::uint64_t address = 0;
};

struct ModulePending {
    ModuleStep step = ModuleStep::freeing;
    BoxedText name;
    std::uint64_t pending = 0; // callbacks into the module that are not invoked yet
};
struct ModuleRef {
    BoxedText name;
    bool taken = false;       // false: put
    std::int32_t count = 0;   // references held after it
    std::uint64_t caller = 0; // return address; 0: unknown
};
// The event's tid is the task that runs a followed module's exit function and was woken.
struct ModuleWoken {
    std::uint64_t head = 0; // of the callback whose function woke the task; 0: something else did
    BoxedText name;
};
// A followed module destroys a cache that still has objects in use. The data is boxed because it is larger than an
// Event may be.
struct CacheLeft {
    struct What {
        std::uint64_t cache = 0;
        std::uint64_t caller = 0;    // of kmem_cache_destroy(); 0: unknown
        std::uint64_t objects = 0;   // that are not free
        bool kvfree_barrier = false; // the kernel has kvfree_rcu_barrier()
        std::string name;
    };
    Boxed<What> what;
};
struct CacheSlab {
    struct What {
        std::uint64_t cache = 0;
        std::uint64_t start = 0;
        std::uint32_t object_size = 0; // bytes from one object to the next, not 0
        std::uint32_t objects = 0;
        std::uint32_t in_use = 0;        // of these objects
        bool free_known = false;         // `free` is valid
        std::vector<std::uint64_t> free; // a bit map: bit n is set if object n is free
    };
    Boxed<What> what;
};
// A followed module destroys a cache while callbacks are queued whose rcu_head is in an object of the cache.
struct CachePending {
    struct What {
        std::uint64_t cache = 0;
        std::uint64_t caller = 0; // return address; 0: unknown
        std::uint64_t callbacks = 0;
        std::vector<std::uint64_t> heads; // rcu_heads of the first of these callbacks
        std::string name;
    };
    Boxed<What> what;
};
// The event's tid is the task that is switched out or in within a read-side critical section.
// Only `blocked` is a bug of the reader. With CONFIG_PREEMPT_RT a spinlock that another task holds puts
// the task to sleep; to RCU that is a preemption.
enum class SwitchReason : std::uint8_t { preempted, lock, blocked };
struct SwitchOut {
    SwitchReason reason = SwitchReason::blocked;
    std::uint32_t nesting = 0;
};
struct SwitchIn {
    std::uint32_t nesting = 0;
};
// The event's task can no longer end a section: it exits, or runs in user mode.
enum class LeftKind : std::uint8_t { exit, user };
struct TaskLeft {
    LeftKind kind = LeftKind::exit;
    std::uint32_t nesting = 0; // sections that the task has open: rcu_read_lock_nesting
};

} // namespace event

using EventBody =
    std::variant<event::Lost, event::Task, event::Stack, event::KvfreeRcu, event::GpStart, event::GpEnd,
                 event::GpCleaned, event::GpRequested, event::GpQuiescent, event::GpScan, event::GpBlocked,
                 event::GpSample, event::CbQueued, event::CbAssigned, event::CbInvoked, event::CbDone,
                 event::BatchBegin, event::BatchEnd, event::WaitBegin, event::WaitEnd, event::Site, event::Module,
                 event::ModuleSection, event::ModulePending, event::ModuleRef, event::ModuleWoken, event::CacheLeft,
                 event::CacheSlab, event::CachePending, event::SwitchOut, event::SwitchIn, event::TaskLeft>;

// Threads hand over millions of events: an event fits into one cache line.
struct Event {
    std::uint64_t ns = 0;
    std::uint32_t cpu = 0;
    std::uint32_t tid = 0; // of the current task on the CPU, even if an interrupt ran on top of it
    EventBody body;
};
static_assert(sizeof(Event) == 64);

// Decodes one record. Returns none for a record of an unknown kind, one that is too short, and one that holds a value
// out of range.
std::optional<Event> decode_record(std::span<const std::byte> record, std::uint32_t cpu);
// The same into an existing event. If it returns false, the event's content is unspecified.
bool decode_record(std::span<const std::byte> record, std::uint32_t cpu, Event& out);

} // namespace rcuscope
