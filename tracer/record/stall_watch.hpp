// SPDX-License-Identifier: BSD-2-Clause
//
// The kernel's own warning of an RCU stall, read from its log: that works on every
// kernel, with and without the tracepoint rcu:rcu_stall_warning.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

// The text of a record of /dev/kmsg if it is the first line of the kernel's warning of a stall.
std::optional<std::string> stall_warning(std::string_view record);

class StallWatch {
public:
    // From now on.
    static Result<StallWatch> open();

    // The warnings since the last call.
    std::vector<std::string> read();

private:
    explicit StallWatch(Fd log) : log_(std::move(log)) {}
    Fd log_;
};

} // namespace rcuscope
