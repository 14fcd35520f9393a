// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>
#include <optional>

#include "base/error.hpp"
#include "base/output_target.hpp"
#include "capture/input_file.hpp"

namespace rcuscope {

// How much of the file is done, 0 to 1. False: leave it.
using GoOn = std::function<bool(double done)>;

// Compresses what a recording wrote without that, since it came too fast, into a new file that then takes the place of
// `from`, which has the target's name. Until then, if it fails, and if it is left, the file is what it was; it is also
// left as it is if it has a second name, or has lost its own. The file that was made; none if it was left.
Result<std::optional<InputFile>> compress_capture(const InputFile& from, const OutputTarget& target, const GoOn& go_on);

} // namespace rcuscope
