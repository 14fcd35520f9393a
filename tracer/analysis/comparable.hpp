// SPDX-License-Identifier: BSD-2-Clause
//
// Decides whether recordings can be compared. Recordings of different machines or settings say nothing about a change
// of the code: these settings alone change the length of grace periods by more than a factor of ten.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/compare.hpp"

namespace rcuscope {

struct Difference {
    std::string setting;
    bool decides = false; // recordings with different values of this setting cannot be compared
    std::string values;   // "2 in base.json, 4 in run.rcu"
};

// The settings in which the runs differ, in the order of the table: one element for each setting, for any number of
// runs.
std::vector<Difference> differences(const std::vector<RunDigest>& runs);

// The names that --allow-different accepts besides "all": "cpus", "hz", "preemption", ...
std::vector<std::string> deciding_settings();

// Fails with ExitCode::bad_input if a deciding setting differs and is not in `allowed`. The error names each such
// setting. "all" allows every setting.
Status refuse_to_compare(const std::vector<Difference>& differences, const std::set<std::string>& allowed);

// Fails with ExitCode::bad_input if a recording is given twice: it would count as two independent runs.
Status refuse_twice(const std::vector<RunDigest>& runs);

} // namespace rcuscope
