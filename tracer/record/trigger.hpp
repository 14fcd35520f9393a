// SPDX-License-Identifier: BSD-2-Clause
//
// The triggers of `record --trigger` and `--stop-on`, and the parser of their command line form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rcuscope {

enum class TriggerKind : std::uint8_t { grace_period, callback, reader, pending, stall, hazard };

struct Trigger {
    TriggerKind kind = TriggerKind::grace_period;
    std::uint64_t limit = 0; // nanoseconds, or a number of callbacks; 0 for stall and hazard
    std::string text;        // as given: "gp>200ms"
    bool stop = false;       // the trigger ends the recording
};

// Accepts "gp>200ms", "callback>1s", "reader>50ms", "pending>100000", "stall", "hazard".
Result<Trigger> parse_trigger(std::string_view text, bool stop);

} // namespace rcuscope
