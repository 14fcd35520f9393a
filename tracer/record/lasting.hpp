// SPDX-License-Identifier: BSD-2-Clause
//
// What holds on after its record is forgotten: names of tasks, where modules lie
// and how far they are in their lives, how much was lost before. Bounded: by the
// modules that there are, and by dropping tasks that were long not seen.
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

    // A wire record of a CPU that is about to be forgotten.
    void take(std::uint32_t cpu, std::span<const std::byte> record);

    Status write(CaptureWriter& writer) const;

    std::size_t tasks() const { return tasks_.size(); }

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

    void name_task(std::uint64_t key, Fact fact);
    void forget_tasks();
    void module(const std::string& name, std::uint16_t kind, std::string what, Fact fact);

    std::unordered_map<std::uint64_t, TaskName, SeededHash> tasks_;
    std::map<std::string, ModuleFacts> modules_;
    std::map<std::uint32_t, Fact> lost_; // by CPU
};

} // namespace rcuscope
