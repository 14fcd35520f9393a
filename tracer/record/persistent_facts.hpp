// SPDX-License-Identifier: BSD-2-Clause
//
// Facts that stay true after their records are dropped: names of tasks, where modules lie and how far they are in their
// lives, and how many records were lost before. The size is bounded, because any user can name tasks and make the
// kernel request modules: tasks not seen for the longest time and modules that are not loaded are dropped first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/seeded_hash.hpp"
#include "capture/writer.hpp"

namespace rcuscope {

class PersistentFacts {
public:
    // The programs announce a task's name again once it has left their LRU map of 16384 tasks (bpf/emit.h). Every task
    // in that map must still be known here.
    static constexpr std::size_t tasks_kept = 32768;
    static constexpr std::size_t modules_kept = 1024;

    // Takes a wire record of a CPU that is about to be dropped.
    void take(std::uint32_t cpu, std::span<const std::byte> record);

    Status write(CaptureWriter& writer) const;

    std::size_t tasks() const { return tasks_.size(); }
    std::size_t modules() const { return modules_.size(); }
    // Approximate memory of all facts.
    std::uint64_t bytes() const { return tasks_.size() * task_bytes + module_facts_ * module_fact_bytes; }

private:
    struct Fact {
        std::uint64_t ns = 0;
        std::uint32_t cpu = 0;
        std::vector<std::byte> record;
    };
    struct TaskName {
        Fact name;
        std::uint64_t used_ns = 0;
    };
    // The newest record by kind and step, or by kind and section.
    using ModuleFacts = std::map<std::pair<std::uint16_t, std::string>, Fact>;
    // Approximate sizes: with the memory of the record, and the overhead of a hash table or tree node.
    static constexpr std::uint64_t task_bytes = sizeof(TaskName) + 96;
    static constexpr std::uint64_t module_fact_bytes = sizeof(ModuleFacts::value_type) + 176;

    void name_task(std::uint64_t key, Fact fact);
    void forget_tasks();
    void module(const std::string& name, std::uint16_t kind, std::string what, Fact fact);
    void forget_modules();

    std::unordered_map<std::uint64_t, TaskName, SeededHash> tasks_;
    std::map<std::string, ModuleFacts> modules_;
    std::size_t module_facts_ = 0;       // of all modules
    std::map<std::uint32_t, Fact> lost_; // by CPU
};

} // namespace rcuscope
