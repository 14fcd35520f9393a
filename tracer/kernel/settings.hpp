// SPDX-License-Identifier: BSD-2-Clause
//
// The settings of RCU and of preemption on the running kernel. They decide whether two recordings can be compared.
#pragma once

#include <map>
#include <string>

namespace rcuscope {

// Keys are the names of host_settings (capture/metadata.hpp). A setting that cannot be read, or not with certainty, is
// left out. `root` goes before every path. `knows_lazy`: the kernel supports lazy preemption, in force or not.
std::map<std::string, std::string> read_settings(bool knows_lazy, const std::string& root = {});

// The hypervisor or emulator as cpuid names it: "TCG", "KVM", ...; "none" if cpuid reports none; empty if unknown.
std::string hypervisor();

} // namespace rcuscope
