// SPDX-License-Identifier: BSD-2-Clause
//
// How RCU is set up on the running kernel: what decides whether two recordings
// can be compared.
#pragma once

#include <map>
#include <string>

namespace rcuscope {

// By the names of host_settings (capture/metadata.hpp). What cannot be read, or says it only by half, is left out.
// `root` goes before every path. `knows_lazy`: the kernel has lazy preemption, in force or not.
std::map<std::string, std::string> read_settings(bool knows_lazy, const std::string& root = {});

// The hypervisor or emulator that the CPU names: "TCG", "KVM", ...; "none" if it says that there is none, empty if
// that is not known.
std::string hypervisor();

} // namespace rcuscope
