// SPDX-License-Identifier: BSD-2-Clause
//
// What `record --trigger` and `--stop-on` wait for, as it is written on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rcuscope {

enum class TriggerKind : std::uint8_t { grace_period, callback, reader, pending, stall, hazard };

struct Trigger {
    TriggerKind kind = TriggerKind::grace_period;
    std::uint64_t limit = 0; // nanoseconds, or a number of callbacks; of stall and hazard 0
    std::string text;        // as it was written: "gp>200ms"
    bool stop = false;       // the recording ends with it
};

// "gp>200ms", "callback>1s", "reader>50ms", "pending>100000", "stall", "hazard".
Result<Trigger> parse_trigger(std::string_view text, bool stop);

} // namespace rcuscope
