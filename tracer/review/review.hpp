// SPDX-License-Identifier: BSD-2-Clause
//
// Reads a module's .ko for what it says about RCU. Needs no kernel and no privileges.
#pragma once

#include <string>

#include "base/error.hpp"
#include "review/deferrals.hpp"
#include "review/reading.hpp"

namespace rcuscope {

// Fails with ExitCode::bad_input if the file cannot be read or is no x86-64 kernel module.
Result<ModuleReading> review_module(
    const std::string& path,
    const ExporterOf& exporter = [](std::string_view) { return std::optional<std::string>(); });

} // namespace rcuscope
