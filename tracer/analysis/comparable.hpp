// SPDX-License-Identifier: BSD-2-Clause
//
// Recordings of different machines, or of differently set ones, say nothing
// about a change: these settings alone move grace periods by more than tenfold.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/compare.hpp"

namespace rcuscope {

struct Difference {
    std::string setting;
    bool decides = false; // recordings that differ in it cannot be compared
    std::string values;   // "2 in base.json, 4 in run.rcu"
};

// In what these runs differ from each other, in the order of the table: one line each, however many runs.
std::vector<Difference> differences(const std::vector<RunDigest>& runs);

// The settings that decide, for whoever names one: "cpus", "hz", "preemption", ...
std::vector<std::string> deciding_settings();

// Fails with ExitCode::bad_input and names each setting that decides, differs and is not among `allowed`.
// "all" allows whatever it is.
Status refuse_to_compare(const std::vector<Difference>& differences, const std::set<std::string>& allowed);

// A recording that is given twice would pass for two. Fails with ExitCode::bad_input.
Status refuse_twice(const std::vector<RunDigest>& runs);

} // namespace rcuscope
