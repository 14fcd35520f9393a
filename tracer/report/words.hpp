// SPDX-License-Identifier: BSD-2-Clause
//
// Phrases and tables that the summary, the report on a recording and the JSON report share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/statistics.hpp"
#include "report/document.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// The maximum number of rows in a table for human readers.
inline constexpr std::size_t max_rows = 20;

// "rcucmap:node_free", "free_module"; "unknown" if no name is known.
std::string name_text(const FunctionName& name);

// The number of sections whose end was not seen: "1 of 2 did not end", "2 of 5 not seen to end in the recording".
// Empty: none.
std::string open_ends_text(const ReadSectionStatistics& row);

// Why the timeline has no read-side sections. "0" (there were none) only if the recording had probes for them.
std::string no_readers_text(const Timeline& timeline);

// The cost of attaching and detaching probes: "3 grace periods in 41 ms to attach, ...: not in the recording".
std::string own_share_text(const OwnShare& share);

// "demo: call_srcu(), srcu_barrier()"
std::string not_followed_text(const CaptureSummary::NotFollowed& module);

// The run time of each BPF program, the longest first.
Table program_table(const RunStats& stats, Nanoseconds recorded);

// A gap in the recording, and which results it makes uncertain. No element: the recording has no gaps.
struct Uncertainty {
    std::string what; // "lost"
    std::string text; // one or more sentences
};
std::vector<Uncertainty> uncertainties(const Timeline& timeline, const Statistics& numbers);

} // namespace rcuscope
