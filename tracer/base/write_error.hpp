// SPDX-License-Identifier: BSD-2-Clause
//
// The Error for an output that cannot be made or written, with a hint for each errno.
#pragma once

#include <string>

#include "base/error.hpp"

namespace rcuscope {

// ExitCode::bad_input if the name cannot be used, ExitCode::cannot_write if the name is good.
tl::unexpected<Error> write_error(const std::string& path, int error_number);

} // namespace rcuscope
