// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the .ko file that a user names.
#pragma once

#include <string>

#include "base/error.hpp"

namespace rcuscope {

// A path is returned unchanged. A bare name ("nf_tables", "nf-tables") is looked up among the installed modules of the
// running kernel. Fails with ExitCode::bad_input if it is not found.
Result<std::string> module_path(const std::string& text);

} // namespace rcuscope
