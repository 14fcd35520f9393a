// SPDX-License-Identifier: BSD-2-Clause
//
// Functions of which the user says that a call is a read-side section: where
// rcu_read_lock() leaves nothing to probe, a reader is known by nothing else.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "kernel/module_file.hpp"

namespace rcuscope {

using ReaderFunctions = std::map<std::string, std::vector<std::string>>; // patterns, by the module's name

// Each text is "MODULE:FUNCTION", or "FUNCTION" where one module only is followed; FUNCTION may be a shell
// pattern. Fails unless each names a function that can be probed.
Result<ReaderFunctions> reader_functions(const std::vector<std::string>& texts, const std::vector<ModuleFile>& modules);

// The patterns of one module; none if the user named none of its functions.
std::vector<std::string> readers_of(const ReaderFunctions& readers, const std::string& module);

} // namespace rcuscope
