// SPDX-License-Identifier: BSD-2-Clause
//
// The result of a review: what a module's .ko says about RCU before the module is loaded. That is the work that it
// defers, what it waits for before its code is freed, and the faults in that (findings). A plain value, made from the
// file alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rcuscope {

// The kind of grace period that deferred work waits for. A barrier of one flavour does not wait for work of another.
enum class Flavour {
    rcu,         // call_rcu(), call_rcu_hurry()
    kfree_rcu,   // kfree_rcu(), kvfree_rcu(): no function of the module runs
    srcu,        // call_srcu()
    tasks,       // call_rcu_tasks()
    tasks_rude,  // call_rcu_tasks_rude()
    tasks_trace, // call_rcu_tasks_trace()
    rcu_work,    // queue_rcu_work(): a work item after a grace period
    percpu_ref,  // percpu_ref_kill(): the release function, after a grace period
};

// A location in the module's code, with the same names as in a recording, and its source line by debug information.
struct CodePosition {
    std::string function;     // empty: in no function
    std::string section;      // ".text", ".init.text", ...
    std::uint64_t offset = 0; // bytes from the start of the function, or of the section if there is no function
    std::string file;         // path as given to the compiler; empty: not known
    unsigned line = 0;        // 0: not known

    bool operator==(const CodePosition&) const = default;
};

enum class CallbackOwner {
    core,     // own function, in text that stays while the module is loaded
    init,     // own function, in text that is freed after the init function returned
    kernel,   // function of the kernel
    module,   // function of another module
    imported, // function of the kernel or of another module: the file does not tell which
    unknown,  // the file does not tell which function it is
};

struct DeferredCallback {
    CallbackOwner owner = CallbackOwner::unknown;
    std::string function; // empty if unknown
    std::string module;   // only for CallbackOwner::module: the name of that module

    bool operator==(const DeferredCallback&) const = default;
};

// A call that defers work until after a grace period.
struct DeferralSite {
    CodePosition place;
    Flavour flavour = Flavour::rcu;
    std::string called; // the called function: "call_rcu"
    bool jump = false;  // a tail call: the called function returns to the caller's caller
    // All functions that this call may queue; empty if it queues none (kfree_rcu).
    std::vector<DeferredCallback> callbacks;
};

enum class WaitsFor {
    callbacks,    // until the callbacks queued before it have run, as rcu_barrier() does
    grace_period, // for readers only, as synchronize_rcu() does: callbacks may run later
    other,        // for a completion, a wakeup or a time: whether callbacks have ended then is not known
};

// A call that waits.
struct WaitSite {
    CodePosition place;
    std::string called; // "rcu_barrier", or another kernel function that waits
    WaitsFor waits_for = WaitsFor::other;
    Flavour flavour = Flavour::rcu; // only for WaitsFor::callbacks and grace_period
    bool jump = false;
    bool certain = false;  // on every path through the function where the ReachedWaits begins, and without condition
    std::string ends_in;   // the wait that the called function calls: "rcu_barrier()"; empty: it is one itself
    std::string condition; // condition under which the function waits; empty: none
    bool in_loop = false;  // control flow may reach it again from itself
};

// The code that one of the module's functions reaches by direct calls and jumps.
struct ReachedWaits {
    std::string function;         // where it begins; empty: the module has no such function
    std::vector<WaitSite> waits;  // in order of the code
    std::uint64_t indirect = 0;   // number of calls through pointers, whose targets are not known
    std::string indirect_example; // location of one of them: "cleanup+0x1f"
};

// Ways other than a barrier in which the exit function may wait for callbacks.
struct OtherWaits {
    std::string sleeps_in;  // until a wakeup: "wait_for_completion"; empty: none
    std::string polls_with; // sleeps in a loop: "msleep"; empty: none
    // Own functions that wake a task, directly or through others; with the kernel function that they use.
    std::map<std::string, std::string> wakers;

    bool operator==(const OtherWaits&) const = default;
};

enum class FindingKind {
    no_barrier,
    wrong_barrier,
    barrier_too_early,
    cache_destroyed_before_barrier,
    callback_in_init_text,
    lock_without_unlock,
};

enum class Confidence {
    shown,       // no other reading of the code is possible
    likely,      // nothing in the code contradicts it
    cannot_tell, // the file does not contain the answer
};

struct Finding {
    FindingKind kind = FindingKind::no_barrier;
    Confidence sureness = Confidence::cannot_tell;
    CodePosition place;
    std::string what;   // the fault, one sentence
    std::string why;    // the reason for this sureness
    std::string remedy; // empty if the file suggests none
};

struct ModuleReading {
    std::string path;
    std::string name;
    std::string release;     // kernel release that it was built for
    bool unloadable = false; // the kernel can unload it
    std::vector<DeferralSite> deferrals;
    ReachedWaits exit;
    ReachedWaits init; // includes the waits of its error paths
    OtherWaits other_waits;
    std::vector<Finding> findings;
    // Imported functions that defer work and that a recording does not follow: "call_srcu".
    std::vector<std::string> not_followed;
};

// The texts in JSON and on command lines: "kfree-rcu", "no-barrier", "cannot-tell".
std::string_view to_text(Flavour flavour);
// The function that waits for what was queued: "rcu_barrier()".
std::string_view barrier_of(Flavour flavour);
std::string_view to_text(CallbackOwner owner);
std::string_view to_text(WaitsFor what);
std::string_view to_text(FindingKind kind);
std::string_view to_text(Confidence sureness);
std::optional<FindingKind> finding_kind_from(std::string_view text);
std::optional<Confidence> sureness_from(std::string_view text);

// "exit+0x1f", "exit+0x1f (mine.c:12)".
std::string to_text(const CodePosition& place);

} // namespace rcuscope
