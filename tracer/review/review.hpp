// SPDX-License-Identifier: BSD-2-Clause
//
// Reviews a module's .ko for its use of RCU. Needs no kernel and no privileges. The steps are control_flow.hpp,
// deferrals.hpp and findings.hpp; the result is reading.hpp.
#pragma once

#include <string>

#include "base/error.hpp"
#include "review/deferrals.hpp"
#include "review/reading.hpp"

namespace rcuscope {

// Fails with ExitCode::bad_input if the file cannot be read or is not an x86-64 kernel module. `exporter` is optional:
// it tells the owner of imported callbacks.
Result<ModuleReading> review_module(
    const std::string& path,
    const ExporterOf& exporter = [](std::string_view) { return std::optional<std::string>(); });

} // namespace rcuscope
