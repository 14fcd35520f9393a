// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "base/error.hpp"

namespace rcuscope {

// The .ko that a user means: a path is taken as it is; a bare name ("nf_tables",
// "nf-tables") is looked up among the running kernel's installed modules.
// Fails with ExitCode::bad_input if there is none.
Result<std::string> module_path(const std::string& text);

} // namespace rcuscope
