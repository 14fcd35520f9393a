// SPDX-License-Identifier: BSD-2-Clause
//
// The type of the times and durations in a timeline (model.hpp).
#pragma once

#include <cstdint>
#include <optional>

namespace rcuscope {

using Nanoseconds = std::int64_t;
using MaybeTime = std::optional<Nanoseconds>; // none: not known

} // namespace rcuscope
