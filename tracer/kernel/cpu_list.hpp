// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace rcuscope {

using CpuSet = std::set<std::uint32_t>;

// A list of CPUs as the kernel writes it, and takes it on its command line: "0-3,8", "0-31:2/4", "all", "4-N", where N
// is the last of those `among` which it is. What is not among them, or cannot be understood, is left out.
CpuSet parse_cpu_list(std::string_view text, const CpuSet& among);

// "0-3,8"; of none "".
std::string cpu_list_text(const CpuSet& cpus);

} // namespace rcuscope
