// SPDX-License-Identifier: BSD-2-Clause
//
// Follows pending callbacks of followed modules during the recording, and reports at once when a module is freed before
// they have run. The kernel may then have only milliseconds left, and the recording may never be read.
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
    // The callbacks of a module on one CPU's callback list. RCU runs them in FIFO order, so counting them suffices, in
    // whatever order the events of two CPUs come. The number of the oldest callback gives its time.
    struct List {
        struct Mark { // the first of the callbacks that were queued within mark_ns
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
        // Callbacks queued up to this time need no mark: counting them suffices.
        std::uint64_t marked_until() const { return marks.empty() ? 0 : marks.back().ns + mark_ns - 1; }
        void mark(std::uint64_t ns);
        void forget_marks(); // keeps the mark of the oldest pending callback
        std::uint64_t pending() const { return queued > invoked ? queued - invoked : 0; }
    };

    // `calls_may_hide`: RCU is probed by kprobes, which miss some calls. Where records were lost, callbacks may have
    // run that the BPF programs did not count either.
    UnloadWatch(const std::vector<std::string>& followed, bool calls_may_hide);

    // The followed module at index `module` is loaded at `base`. Call it before take() gets an event of this life.
    void begins(std::size_t module, std::uint64_t base, std::uint64_t size);

    bool follows(const std::string& module) { return find(module) != nullptr; }

    // Takes events about modules and losses. Events of one CPU come in their order, those of different CPUs in any
    // order. The same holds for the callbacks below.
    void take(const Event& event);
    // The list that counts callbacks with this function that are queued on a CPU, or that a task runs there. nullptr if
    // the function is in no followed module. Valid until the next call of any function here.
    List* queued_on(std::uint32_t cpu, std::uint64_t function) {
        Module* module = owner(function);
        return module ? &module->on(cpu) : nullptr;
    }
    List* run_by(std::uint32_t cpu, std::uint32_t tid, std::uint64_t function) {
        Module* module = owner(function);
        return module ? &module->on(list_of(cpu, tid)) : nullptr;
    }
    // `list_cpu`: the CPU whose callbacks the task runs, below max_cpus.
    void batch_begins(std::uint32_t cpu, std::uint32_t tid, std::uint32_t list_cpu);

    // Sentences to report at once. Call it when every ring was drained.
    std::vector<std::string> say();

    // A followed module is being freed, or was freed, with callbacks pending: the next records may be the last ones.
    bool in_danger() const { return danger_; }

private:
    struct Module {
        std::string name;
        std::uint64_t base = 0;
        std::uint64_t size = 0;
        std::deque<List> lists;                        // by CPU; a deque, so that references stay valid
        std::optional<std::uint64_t> pending_at_free;  // reported by the BPF programs, not yet said
        std::optional<std::uint64_t> pending_at_freed; // the same
        std::uint64_t free_begin_ns = 0;
        std::uint64_t freed_ns = 0;
        bool endangered = false; // freed with callbacks pending
        bool init_failed = false;
        bool gap = false; // records were lost: the counts of the lists are invalid

        List& on(std::uint32_t cpu) {
            if (cpu >= lists.size())
                lists.resize(cpu + 1);
            return lists[cpu];
        }
    };
    // The list that a task runs. It belongs to another CPU only where callbacks are offloaded; the task may then change
    // its CPU during a batch.
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
    std::vector<Batch> batches_; // by CPU: the newest batch
    std::unordered_map<std::uint32_t, std::uint32_t, SeededHash>
        away_; // by tid: the CPU whose list an offload task runs
    bool danger_ = false;
};

} // namespace rcuscope
