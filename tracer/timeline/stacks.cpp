// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/stacks.hpp"

#include <algorithm>

namespace rcuscope {

void StackTable::seen(const Moment& moment, event::Stack stack) {
    waiting_[moment.cpu] = {moment, std::move(stack.frames)};
}

CompactOptional<std::uint32_t> StackTable::take_waiting(const Moment& moment, std::uint64_t caller) {
    const auto waiting = waiting_.find(moment.cpu);
    if (waiting == waiting_.end() || waiting->second.moment.at != moment.at || waiting->second.moment.tid != moment.tid)
        return std::nullopt;
    std::vector<std::uint64_t> frames = std::move(waiting->second.frames);
    waiting_.erase(waiting);
    // The frames before the caller are those of the probe and of the called function.
    const auto from = caller == 0 ? frames.end() : std::find(frames.begin(), frames.end(), caller);
    if (from == frames.end())
        return std::nullopt;
    frames.erase(frames.begin(), from);
    const auto [known, is_new] = known_.try_emplace(std::move(frames), static_cast<std::uint32_t>(stacks_.size()));
    if (is_new)
        stacks_.push_back(symbols_.stack(known->first));
    return known->second;
}

} // namespace rcuscope
