// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>
#include <string>

#include "base/error.hpp"

namespace rcuscope {

// How much of the file is done, 0 to 1. False: leave it.
using GoOn = std::function<bool(double done)>;

// Compresses what a recording wrote without that, since it came too fast, into a file beside it that then takes its
// place. Until then, if it fails, and if it is left, the file is what it was; it is also left as it is where another
// could not take its place: it is no regular file, or it has a second name.
Status compress_capture(const std::string& path, const GoOn& go_on);

} // namespace rcuscope
