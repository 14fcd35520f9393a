// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the holder of each grace period: the reader, task or CPU that made it as long as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// The kind of task or CPU that delayed the end of a grace period.
enum class HolderKind : std::uint8_t {
    unknown,
    read_section,     // a read-side section of a followed module
    preempted_reader, // any task that was preempted within a read-side section
    busy_cpu,         // a CPU in the kernel, without a context switch
    idle_cpu,         // idle, in user mode or offline; a forced scan noticed it
    gp_kthread,       // all quiescent states were reported, but RCU's own kthread did not run
};
struct Holder {
    HolderKind kind = HolderKind::unknown;
    std::optional<std::uint32_t> cpu;
    std::optional<std::uint32_t> tid;
    std::string comm;
    CodeLocation place;
    Nanoseconds held = 0; // for so long it delayed the grace period
    std::vector<CodeLocation> stack;
    std::string text; // one sentence
    // Index in Timeline::read_sections of the section that held the grace period; only if `kind` is read_section.
    std::optional<std::size_t> read_section{};
    // Index in GracePeriod::quiescent_states of the last one that was recorded. A CPU held the grace period until then,
    // RCU's own thread since then.
    std::optional<std::size_t> quiescent_state{};
};

const char* to_text(HolderKind kind); // "read-section", ...

// The holder of each grace period, by index in Timeline::grace_periods; none: its start or end is not known. The first
// of these that has evidence is the holder:
//
//   1. A read-side section of a followed module. It was open before the start, or its CPU reported last, or a forced
//      scan found its task preempted within it.
//   2. A task that a forced scan found preempted within a section.
//   3. RCU's own thread: all quiescent states had been reported, and the thread did not run.
//   4. The CPU that reported last. It was in the kernel without a context switch, as its timer ticks show (for an
//      expedited grace period the interrupt that asks it); or it was idle, in user mode or offline, as a scan noticed.
//
// The holder must explain at least half of the grace period. Otherwise the holder is unknown, and Holder::text says
// which evidence is missing. Holder::read_section and Holder::quiescent_state say on which row the judgement is based.
std::vector<std::optional<Holder>> find_holders(const Timeline& timeline);

} // namespace rcuscope
