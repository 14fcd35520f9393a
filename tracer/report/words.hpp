// SPDX-License-Identifier: BSD-2-Clause
//
// Words that the summary and the report share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/statistics.hpp"
#include "report/document.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Of a table, on a page that people read.
inline constexpr std::size_t most_rows = 20;

// "rcucmap:node_free", "free_module"; "unknown" if no name is known.
std::string name_text(const FunctionName& name);

// How many sections were not seen to end: "1 of 2 did not end", "2 of 5 not seen to end in the recording". Empty: none.
std::string open_ends_text(const ReadSectionStatistics& row);

// Why there are no read-side sections: none seen is none ("0") only where they can be seen.
std::string no_readers_text(const Timeline& timeline);

// What placing and removing the probes took: "3 grace periods in 41 ms to attach, ...: not in the recording".
std::string own_share_text(const OwnShare& share);

// "demo: call_srcu(), srcu_barrier()"
std::string not_followed_text(const CaptureSummary::NotFollowed& module);

// How long each program ran, the longest first.
Table program_table(const RunStats& stats, Nanoseconds recorded);

// What is not sure, and what that makes uncertain: a sentence each. None: everything was seen.
struct Uncertainty {
    std::string what; // "lost"
    std::string text;
};
std::vector<Uncertainty> uncertainties(const Timeline& timeline, const Statistics& numbers);

} // namespace rcuscope
