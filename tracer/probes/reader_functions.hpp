// SPDX-License-Identifier: BSD-2-Clause
//
// Functions of which the user says that each call is a read-side section (--reader-function). Where rcu_read_lock()
// compiles to no call that can be probed, this is the only way to see readers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "kernel/module_file.hpp"

namespace rcuscope {

using ReaderFunctions = std::map<std::string, std::vector<std::string>>; // patterns by the name of the module

// Each text is "MODULE:FUNCTION", or "FUNCTION" if only one module is followed. FUNCTION may be a shell pattern. Fails
// unless each text matches a function that can be probed.
Result<ReaderFunctions> reader_functions(const std::vector<std::string>& texts, const std::vector<ModuleFile>& modules);

// The patterns for one module; empty if the user named none of its functions.
std::vector<std::string> readers_of(const ReaderFunctions& readers, const std::string& module);

} // namespace rcuscope
