// SPDX-License-Identifier: BSD-2-Clause
//
// The kernel as a contract: compares what the programs rely on with the kernel's BTF, before anything is loaded. A
// program relies on the prototype of its function (bpf/hook_list.h), on members of structures and on helpers
// (program_needs.hpp).
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "kernel/kernel_btf.hpp"
#include "probes/hooks.hpp"
#include "probes/program_needs.hpp"

namespace rcuscope {

// By the program's name: why it does not fit this kernel, for the user.
using UnfitPrograms = std::map<std::string, std::string>;

// The programs of `table` that do not fit `kernel`. Functions and tracepoints that the kernel does not have are not its
// subject (KernelOffer has them). `needs`: of all programs.
UnfitPrograms unfit_programs(std::span<const Hook> table, const std::map<std::string, ProgramNeeds>& needs,
                             const KernelBtf& kernel);

} // namespace rcuscope
