// SPDX-License-Identifier: BSD-2-Clause
//
// Events as the timeline's builder sees them: the records of bpf/wire.h,
// checked and decoded. Times are absolute CLOCK_BOOTTIME nanoseconds,
// addresses raw kernel addresses, gp_seq values raw.
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
    std::uint64_t total = 0; // on this CPU since the start
    std::uint64_t from_ns = 0;
    std::uint64_t to_ns = 0;
};
struct Task {
    std::uint32_t tgid = 0;
    bool kthread = false;
    BoxedText comm; // any bytes: untrusted
};
struct Stack {                         // of the task's next event of the same time
    std::vector<std::uint64_t> frames; // innermost first, the tracer's own included
};
struct GpStart {
    std::uint64_t gp_seq = 0;
    std::uint64_t since_ns = 0; // 0: not known
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
struct GpQuiescent { // of a leaf of the tree: CPU first_cpu + n is bit n of the masks
    QuiescentKind kind = QuiescentKind::self;
    bool expedited = false;
    std::uint64_t gp_seq = 0;
    std::uint64_t mask = 0; // whose quiescent state came in
    std::uint64_t left = 0; // for whose the leaf still waits
    std::uint32_t first_cpu = 0;
    bool blocked = false; // it also waits for preempted readers
};
struct GpScan {
    std::uint64_t gp_seq = 0;
    std::uint64_t count = 0; // of this grace period, from 1
};
struct GpBlocked { // a preempted reader for which the grace period waits, at a scan
    bool expedited = false;
    std::uint64_t gp_seq = 0;
    std::uint32_t tid = 0;
    std::uint32_t first_cpu = 0; // of its leaf
    BoxedText comm;
};
struct GpSample { // the event's CPU and task hold up the grace period
    bool expedited = false;
    std::uint32_t no_tick_us = 0; // the CPU had had none for so long; 0: it had, or nothing is known
    std::uint64_t gp_seq = 0;
    std::vector<std::uint64_t> stack; // innermost first, the tick's own frames included
};
// Where code ran: for a task, or in an interrupt over whichever task was there.
enum class QueueContext : std::uint8_t { unknown, task, softirq, hardirq };
struct CbQueued {
    std::uint64_t head = 0;
    std::uint64_t func = 0;
    std::uint64_t caller = 0; // 0: not known
    bool lazy = false;        // RCU may hold it back
    bool end_unseen = false;  // its invocation is not told from others'
    QueueContext in = QueueContext::unknown;
    bool jumped = false; // to call_rcu(), by a function that is not known: `caller` is where that one returns to
};
struct CbAssigned {
    std::uint64_t gp_seq = 0;
    std::uint32_t list_cpu = 0;
    std::uint64_t bypass_ns = 0; // callbacks queued since are not on the list yet; 0: all are
};
struct CbInvoked {
    std::uint64_t head = 0;
    std::uint64_t func = 0;
    std::uint64_t done = 0; // head of the one before in the same batch, which is done at that time; 0: none
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
    std::uint64_t caller = 0; // 0: not known
    bool headless = false;    // it may wait for a grace period right there
    QueueContext in = QueueContext::unknown;
};
enum class WaitKind : std::uint8_t { synchronize_rcu, synchronize_rcu_expedited, rcu_barrier };
struct WaitBegin {
    WaitKind kind = WaitKind::synchronize_rcu;
    std::uint64_t caller = 0; // 0: not known
};
struct WaitEnd {
    WaitKind kind = WaitKind::synchronize_rcu;
};
struct Site {
    std::uint64_t address = 0; // of the probed instruction, or of the function that returns
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
    std::int32_t ret = 0; // of the init function, for init_done and failed; of delete_module(), for refused
};
struct ModuleSection {
    BoxedText module;
    BoxedText section;
    std::uint64_t address = 0;
};

struct ModulePending {
    ModuleStep step = ModuleStep::freeing;
    BoxedText name;
    std::uint64_t pending = 0; // callbacks into the module that have not begun to run
};
struct ModuleRef {
    BoxedText name;
    bool taken = false;       // else put
    std::int32_t count = 0;   // references then held
    std::uint64_t caller = 0; // 0: not known
};
// The event's tid is the task that runs a followed module's exit function, and is woken.
struct ModuleWoken {
    std::uint64_t head = 0; // of the callback whose function woke it; 0: something else did
    BoxedText name;
};
// A cache that a followed module destroys, and of which objects are not free. What is long is in a box.
struct CacheLeft {
    struct What {
        std::uint64_t cache = 0;
        std::uint64_t caller = 0;    // 0: not known
        std::uint64_t objects = 0;   // not free
        bool kvfree_barrier = false; // the kernel has kvfree_rcu_barrier()
        std::string name;
    };
    Boxed<What> what;
};
struct CacheSlab {
    struct What {
        std::uint64_t cache = 0;
        std::uint64_t start = 0;
        std::uint32_t object_size = 0; // from one to the next, not 0
        std::uint32_t objects = 0;
        std::uint32_t in_use = 0;
        bool free_known = false;
        std::vector<std::uint64_t> free; // bit n of all: object n is
    };
    Boxed<What> what;
};
// A followed module destroys a cache, while callbacks are queued whose rcu_head is in an object of it.
struct CachePending {
    struct What {
        std::uint64_t cache = 0;
        std::uint64_t caller = 0; // 0: not known
        std::uint64_t callbacks = 0;
        std::vector<std::uint64_t> heads; // of the first of them
        std::string name;
    };
    Boxed<What> what;
};
// The event's tid is the task that is switched, within a read-side section.
struct SwitchOut {
    bool preempted = false; // else it gave up the CPU itself
    std::uint32_t nesting = 0;
};
struct SwitchIn {
    std::uint32_t nesting = 0;
};
// The event's task is in no code that could still end a section: it ends, or runs in user mode.
enum class LeftKind : std::uint8_t { exit, user };
struct TaskLeft {
    LeftKind kind = LeftKind::exit;
    std::uint32_t nesting = 0; // sections that it has open, the kernel's own count
};

} // namespace event

using EventBody =
    std::variant<event::Lost, event::Task, event::Stack, event::KvfreeRcu, event::GpStart, event::GpEnd,
                 event::GpCleaned, event::GpRequested, event::GpQuiescent, event::GpScan, event::GpBlocked,
                 event::GpSample, event::CbQueued, event::CbAssigned, event::CbInvoked, event::CbDone,
                 event::BatchBegin, event::BatchEnd, event::WaitBegin, event::WaitEnd, event::Site, event::Module,
                 event::ModuleSection, event::ModulePending, event::ModuleRef, event::ModuleWoken, event::CacheLeft,
                 event::CacheSlab, event::CachePending, event::SwitchOut, event::SwitchIn, event::TaskLeft>;

// Millions go from one processor to another: each is no larger than a cache line.
struct Event {
    std::uint64_t ns = 0;
    std::uint32_t cpu = 0;
    std::uint32_t tid = 0; // of the task that ran on the CPU, also when only interrupted
    EventBody body;
};
static_assert(sizeof(Event) == 64);

// Decodes one wire record. Nothing for a kind that this version does not know,
// and for one that is too short or holds a value out of its range.
std::optional<Event> decode_record(std::span<const std::byte> record, std::uint32_t cpu);
// The same into an event that is there already. If it is false, that is as it was, or anything.
bool decode_record(std::span<const std::byte> record, std::uint32_t cpu, Event& out);

} // namespace rcuscope
