// SPDX-License-Identifier: BSD-2-Clause
//
// What a module's .ko says about RCU before it is loaded: which work it defers, what it waits with before its code
// goes, and what is wrong with that. A value: made from the file alone, compared and printed by others.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rcuscope {

// What deferred work waits for. A barrier of one flavour does not wait for work of another.
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

// A place in the module's code, as a recording names it, and the line that the file's debug information has for it.
struct KoPlace {
    std::string function;     // empty: in no function
    std::string section;      // ".text", ".init.text", ...
    std::uint64_t offset = 0; // of the instruction in the function, or in the section where there is none, bytes
    std::string file;         // as the compiler was given it; empty: not known
    unsigned line = 0;        // 0: not known

    bool operator==(const KoPlace&) const = default;
};

enum class CallbackOwner {
    core,     // the module's own, in text that stays while the module is loaded
    init,     // the module's own, in text that is freed when its init function has returned
    kernel,   // the kernel's
    module,   // another module's
    imported, // the kernel's or another module's: the file does not tell which
    unknown,  // the file does not tell which function it is
};

struct DeferredCallback {
    CallbackOwner owner = CallbackOwner::unknown;
    std::string function; // empty if unknown
    std::string module;   // of CallbackOwner::module

    bool operator==(const DeferredCallback&) const = default;
};

// A call that queues work for after a grace period.
struct DeferralSite {
    KoPlace place;
    Flavour flavour = Flavour::rcu;
    std::string called; // "call_rcu"
    bool jump = false;  // a tail call: the called function returns to the caller's caller
    // Each function that may be queued here; empty where the flavour has none (kfree_rcu, percpu_ref).
    std::vector<DeferredCallback> callbacks;
};

enum class WaitsFor {
    callbacks,    // until the callbacks queued before it have run, as rcu_barrier() does
    grace_period, // for readers alone, as synchronize_rcu() does: callbacks may run later
    other,        // for something that may or may not be the end of callbacks: a completion, a counter, a work item
};

// A call that waits.
struct WaitSite {
    KoPlace place;
    std::string called; // "rcu_barrier", or a function of the kernel that waits by itself
    WaitsFor waits_for = WaitsFor::other;
    Flavour flavour = Flavour::rcu; // of WaitsFor::callbacks and grace_period
    bool jump = false;
    bool certain = false;  // on every path through the function that it is the way of; else on some path only
    std::string ends_in;   // of a function that waits by itself: "rcu_barrier()"; else empty
    std::string condition; // when that function waits; empty: always
    bool in_loop = false;  // it may be reached again from itself
};

// The way that the module's code takes from one of its functions, by direct calls and jumps.
struct CodeWay {
    std::string function;         // where it begins; empty: the module has no such function
    std::vector<WaitSite> waits;  // in the order of the code
    std::uint64_t indirect = 0;   // calls through pointers on the way: what they reach is not known
    std::string indirect_example; // one of them: "cleanup+0x1f"
};

// How the exit function may wait for callbacks otherwise than by a barrier.
struct OtherWaits {
    std::string sleeps_in;                     // until somebody wakes it: "wait_for_completion"; empty: it does not
    std::string polls_with;                    // sleeping again and again: "msleep"; empty: it does not
    std::map<std::string, std::string> wakers; // functions that wake somebody, themselves or by others: with what

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

enum class Sureness {
    shown,       // the code allows nothing else
    likely,      // nothing in the code speaks against it
    cannot_tell, // the file does not decide it
};

struct Finding {
    FindingKind kind = FindingKind::no_barrier;
    Sureness sureness = Sureness::cannot_tell;
    KoPlace place;
    std::string what;   // what is wrong, one sentence
    std::string why;    // why it is so sure, or what cannot be told
    std::string remedy; // empty if there is none that the file would tell
};

struct ModuleReading {
    std::string path;
    std::string name;
    std::string release; // of the kernel it was built for
    bool unloadable = false;
    std::vector<DeferralSite> deferrals;
    CodeWay exit;
    CodeWay init; // its waits are those of its error paths, too
    OtherWaits other_waits;
    std::vector<Finding> findings;
    // Deferring functions that the module imports and that a recording does not follow: "call_srcu".
    std::vector<std::string> not_followed;
};

// As they are written in JSON and on command lines: "kfree-rcu", "no-barrier", "cannot-tell".
std::string_view to_text(Flavour flavour);
std::string_view to_text(CallbackOwner owner);
std::string_view to_text(WaitsFor what);
std::string_view to_text(FindingKind kind);
std::string_view to_text(Sureness sureness);
std::optional<FindingKind> finding_kind_from(std::string_view text);
std::optional<Sureness> sureness_from(std::string_view text);

// "exit+0x1f", "exit+0x1f (mine.c:12)".
std::string to_text(const KoPlace& place);

} // namespace rcuscope
