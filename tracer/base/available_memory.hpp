// SPDX-License-Identifier: BSD-2-Clause
//
// How much memory this process can take without harm to others.
#pragma once

#include <cstddef>
#include <string>

namespace rcuscope {

// In bytes: the least of what the kernel estimates to be available (MemAvailable), what the limits of the process's
// control groups leave, and the resource limits on its address space and data. 0: not known. `root` is the folder that
// holds proc/ and sys/; tests make one.
std::size_t available_memory(const std::string& root = "");

} // namespace rcuscope
