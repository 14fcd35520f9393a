// SPDX-License-Identifier: BSD-2-Clause
//
// Follows, while the recording goes on, which callbacks of followed modules are
// pending, and speaks when a module goes before they have run: the kernel may
// then have milliseconds to live, and nobody may come to look at the recording.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/event.hpp"

namespace rcuscope {

class UnloadWatch {
public:
    // Callbacks of a module on one CPU's list, which run in the order in which they were queued: so they need
    // only be counted, whichever event of two CPUs is seen first, and the oldest's time is found by its number.
    struct List {
        struct Mark { // the first of some that were queued within mark_ns
            std::uint64_t number = 0;
            std::uint64_t ns = 0;
        };
        static constexpr std::uint64_t mark_ns = 50'000;

        std::uint64_t queued = 0;
        std::uint64_t invoked = 0;
        std::deque<Mark> marks;

        void queue(std::uint64_t ns) {
            if (marks.empty() || ns - marks.back().ns >= mark_ns)
                mark(ns);
            queued++;
        }
        // What is queued up to then needs no more than to be counted.
        std::uint64_t marked_until() const { return marks.empty() ? 0 : marks.back().ns + mark_ns - 1; }
        void mark(std::uint64_t ns);
        void forget_marks(); // but for the oldest callback's
        std::uint64_t pending() const { return queued > invoked ? queued - invoked : 0; }
    };

    // `calls_may_hide`: where records were lost, callbacks may have run of which the kernel's side, too, knows nothing.
    UnloadWatch(const std::vector<std::string>& followed, bool calls_may_hide);

    // A followed module, by its place, begins a life: its code lies there. To be told before any event of it.
    void begins(std::size_t module, std::uint64_t base, std::uint64_t size);

    bool follows(const std::string& module) { return find(module) != nullptr; }

    // What the kernel did with modules, and what was lost: events of one CPU in their order, of different CPUs in
    // any. The same holds for the callbacks below.
    void take(const Event& event);
    // Where callbacks with this function are counted that are queued on a CPU, or that a task runs there;
    // nothing if it is of no followed module. Until the next call of anything here.
    List* queued_on(std::uint32_t cpu, std::uint64_t function) {
        Module* module = owner(function);
        return module ? &module->on(cpu) : nullptr;
    }
    List* run_by(std::uint32_t cpu, std::uint32_t tid, std::uint64_t function) {
        Module* module = owner(function);
        return module ? &module->on(list_of(cpu, tid)) : nullptr;
    }
    // `list_cpu`: whose list the task runs, below max_cpus.
    void batch_begins(std::uint32_t cpu, std::uint32_t tid, std::uint32_t list_cpu);

    // What is to be said at once, in whole sentences: to be asked when every
    // buffer has been emptied.
    std::vector<std::string> say();

    // A module goes, or went a short time ago, while callbacks into it were pending:
    // whatever is seen now may be the last.
    bool in_danger() const { return danger_; }

private:
    struct Module {
        std::string name;
        std::uint64_t base = 0;
        std::uint64_t size = 0;
        std::deque<List> lists;                        // by CPU; places stay
        std::optional<std::uint64_t> pending_at_free;  // told by the kernel's side, not yet said
        std::optional<std::uint64_t> pending_at_freed; // the same
        std::uint64_t free_begin_ns = 0;
        std::uint64_t freed_ns = 0;
        bool endangered = false; // it goes with callbacks pending
        bool init_failed = false;
        bool gap = false; // records were lost: the lists' counts are none

        List& on(std::uint32_t cpu) {
            if (cpu >= lists.size())
                lists.resize(cpu + 1);
            return lists[cpu];
        }
    };
    // Which list a task runs: another than its CPU's only where callbacks are offloaded, to a task that may
    // move to another CPU within its batch.
    struct Batch {
        std::uint32_t tid = 0;
        std::uint32_t list_cpu = 0;
    };

    Module* owner(std::uint64_t function) {
        for (Module& module : modules_)
            if (function - module.base < module.size)
                return &module;
        return nullptr;
    }
    std::uint32_t list_of(std::uint32_t cpu, std::uint32_t tid) {
        return cpu < batches_.size() && batches_[cpu].tid == tid ? batches_[cpu].list_cpu : moved_list(cpu, tid);
    }
    std::uint32_t moved_list(std::uint32_t cpu, std::uint32_t tid) const;
    void module_step(const Event& event, const event::Module& module);
    void pending_told(const event::ModulePending& told);
    Module* find(const std::string& name);
    bool unsure(const Module& module) const { return calls_may_hide_ && module.gap; }
    std::string freeing(Module& module, std::uint64_t pending) const;
    std::string freed(const Module& module, std::uint64_t pending) const;

    bool calls_may_hide_;
    std::vector<Module> modules_;
    std::vector<Batch> batches_; // the newest of each CPU
    std::unordered_map<std::uint32_t, std::uint32_t, SeededHash>
        away_; // of tasks that run another CPU's list: that CPU
    bool danger_ = false;
};

} // namespace rcuscope
