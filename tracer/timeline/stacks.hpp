// SPDX-License-Identifier: BSD-2-Clause
//
// Interns call stacks: each different stack is stored once. A stack event comes before the event to which it belongs
// and has the same CPU, task and time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/event.hpp"
#include "timeline/model.hpp"
#include "timeline/moment.hpp"
#include "timeline/symbols.hpp"

namespace rcuscope {

// The caller of an RCU function.
struct CalledFrom {
    PooledLocation caller;
    CompactOptional<std::uint32_t> stack; // as Callback::stack
};

class StackTable {
public:
    explicit StackTable(const Symbols& symbols) : symbols_(symbols) {}

    void seen(const Moment& moment, event::Stack stack);

    // Index in Timeline::stacks of the stack of this event, from `caller` outwards. None if the event has no stack, or
    // the caller is not in it.
    CompactOptional<std::uint32_t> take(const Moment& moment, std::uint64_t caller) {
        return waiting_.empty() ? CompactOptional<std::uint32_t>() : take_waiting(moment, caller);
    }

    // Addresses may have other names from now on.
    void moved() { known_.clear(); }

    std::vector<std::vector<CodeLocation>> finish() { return std::move(stacks_); }

private:
    struct Waiting {
        Moment moment;
        std::vector<std::uint64_t> frames;
    };

    CompactOptional<std::uint32_t> take_waiting(const Moment& moment, std::uint64_t caller);

    const Symbols& symbols_;
    std::unordered_map<std::uint32_t, Waiting, SeededHash> waiting_; // by CPU
    std::map<std::vector<std::uint64_t>, std::uint32_t> known_;
    std::vector<std::vector<CodeLocation>> stacks_;
};

} // namespace rcuscope
