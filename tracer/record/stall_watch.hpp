// SPDX-License-Identifier: BSD-2-Clause
//
// Reads the kernel's warnings of RCU stalls from /dev/kmsg. This works on every kernel, with and without the tracepoint
// rcu:rcu_stall_warning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

struct Stall {
    std::string line;                    // the first line of the kernel's warning
    std::optional<std::uint64_t> gp_seq; // of the grace period that stalls; none: an expedited one, or unknown
};

// Finds the warnings among records of /dev/kmsg. The kernel prints the first line, lines about CPUs and tasks, and a
// line with the number of the grace period ("\t(t=5250 jiffies g=22333 q=12 ncpus=2)"; kernel/rcu/tree_stall.h).
class StallReader {
public:
    void take(std::string_view record);
    // The warnings since the last call. One whose number may follow is kept for one more call.
    std::vector<Stall> stalls();

private:
    std::vector<Stall> complete_;
    std::optional<Stall> unnumbered_; // waits for the line with the number
    bool waited_ = false;             // unnumbered_ was there at the last call
};

class StallWatch {
public:
    // Sees warnings from now on.
    static Result<StallWatch> open();

    std::vector<Stall> read();

private:
    explicit StallWatch(Fd log) : log_(std::move(log)) {}
    Fd log_;
    StallReader reader_;
};

} // namespace rcuscope
