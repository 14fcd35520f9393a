// SPDX-License-Identifier: BSD-2-Clause
//
// Parses and writes lists of CPUs in the kernel's format (sysfs and the kernel command line): "0-3,8".
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace rcuscope {

using CpuSet = std::set<std::uint32_t>;

// Accepts "0-3,8", "0-31:2/4" (the first 2 of each 4), "all" and "4-N", where N is the highest CPU of `among`. CPUs
// that are not in `among` and parts that cannot be parsed are left out.
CpuSet parse_cpu_list(std::string_view text, const CpuSet& among);

// "0-3,8"; "" if there are none.
std::string cpu_list_text(const CpuSet& cpus);

} // namespace rcuscope
