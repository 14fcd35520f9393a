// SPDX-License-Identifier: BSD-2-Clause
//
// What holds on after its record is forgotten: names of tasks, where modules lie
// and how far they are in their lives, how much was lost before. Bounded: tasks that
// were long not seen are dropped, and so are modules that are not there, since
// anybody gives a task any name, and a module can be asked for by any.
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

class LastingFacts {
public:
    // The programs tell a task's name again once they have forgotten it, among the
    // 16384 that they remember (bpf/emit.h): of those, none may be forgotten here.
    static constexpr std::size_t tasks_kept = 32768;
    static constexpr std::size_t modules_kept = 1024;

    // A wire record of a CPU that is about to be forgotten.
    void take(std::uint32_t cpu, std::span<const std::byte> record);

    Status write(CaptureWriter& writer) const;

    std::size_t tasks() const { return tasks_.size(); }
    std::size_t modules() const { return modules_.size(); }
    // About what all of it takes.
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
    // The newest record of each kind, and step or section.
    using ModuleFacts = std::map<std::pair<std::uint16_t, std::string>, Fact>;
    // With a record's own memory, and what a table or tree needs for each.
    static constexpr std::uint64_t task_bytes = sizeof(TaskName) + 96;
    static constexpr std::uint64_t module_fact_bytes = sizeof(ModuleFacts::value_type) + 176;

    void name_task(std::uint64_t key, Fact fact);
    void forget_tasks();
    void module(const std::string& name, std::uint16_t kind, std::string what, Fact fact);
    void forget_modules();

    std::unordered_map<std::uint64_t, TaskName, SeededHash> tasks_;
    std::map<std::string, ModuleFacts> modules_;
    std::size_t module_facts_ = 0;       // of all of them
    std::map<std::uint32_t, Fact> lost_; // by CPU
};

} // namespace rcuscope
