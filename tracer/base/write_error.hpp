// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "base/error.hpp"

namespace rcuscope {

// Why an output could not be made or written, from the errno value of what failed: ExitCode::bad_input if its name
// cannot be used, ExitCode::cannot_write if the name is good.
tl::unexpected<Error> write_error(const std::string& path, int error_number);

} // namespace rcuscope
