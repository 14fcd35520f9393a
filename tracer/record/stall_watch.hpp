// SPDX-License-Identifier: BSD-2-Clause
//
// Reads the kernel's warnings of RCU stalls from /dev/kmsg. This works on every kernel, with and without the tracepoint
// rcu:rcu_stall_warning.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

// Takes a record of /dev/kmsg. Returns its text if that is the first line of a stall warning by the kernel.
std::optional<std::string> stall_warning(std::string_view record);

class StallWatch {
public:
    // Sees warnings from now on.
    static Result<StallWatch> open();

    // The warnings since the last call.
    std::vector<std::string> read();

private:
    explicit StallWatch(Fd log) : log_(std::move(log)) {}
    Fd log_;
};

} // namespace rcuscope
