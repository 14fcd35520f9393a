// SPDX-License-Identifier: BSD-2-Clause
//
// Phrases that the texts of hazards share: counts, lists of functions, and where callbacks were queued.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// "1 callback", "12 callbacks"
std::string counted(std::uint64_t count, const std::string& what);

// "a", "a and b", "a, b and 3 more": the names given, most frequent first.
std::string max_frequent(const std::vector<std::string>& names, std::size_t shown);

// "rcu_unload:node_free, rcu_unload:list_free and 2 more": most callbacks first.
std::string functions_of(const std::vector<const Callback*>& callbacks);

// "in rcu_unload:writer_fn+0x12", "at a place not known"
std::string origin_of(const CodeLocation& caller);

// "in rcu_unload:writer_fn+0x12 (CPUs 0 and 1, task writer) and rcu_unload:init+0x8 (CPU 1, task insmod)":
// the locations that queued the callbacks, those with most callbacks first.
std::string origins_of(const std::vector<const Callback*>& callbacks);

// The same for one callback: the location that queued it, the CPU and the task.
std::string origin_of(const CodeLocation& caller, std::uint32_t cpu, const std::string& comm, QueueContext in);

// "was preempted within a read-side section", "waited for a sleeping lock within a read-side section, and RCU had
// raised its priority"
std::string off_cpu_text(const PreemptedReader& reader);

// "task writer", "an interrupt (softirq) over swapper/0"
std::string queued_by(const std::string& comm, QueueContext in);

std::vector<std::uint32_t> ids_of(const std::vector<const Callback*>& callbacks);

} // namespace rcuscope
