// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/backlog.hpp"

#include <algorithm>

namespace rcuscope {

namespace {

struct Step {
    Nanoseconds at = 0;
    int change = 0; // +1 queued, -1 invoked

    // Of equal times the invocation first: the backlog is never taken for deeper than it was.
    bool operator<(const Step& other) const { return at != other.at ? at < other.at : change < other.change; }
};

std::vector<Step> steps_of(const std::vector<const Callback*>& callbacks, const CaptureSummary& capture) {
    std::vector<Nanoseconds> loss_ends;
    for (const Loss& loss : capture.lost) {
        loss_ends.push_back(loss.to);
    }
    std::sort(loss_ends.begin(), loss_ends.end());

    std::vector<Step> steps;
    steps.reserve(2 * callbacks.size());
    for (const Callback* callback : callbacks) {
        steps.push_back({.at = callback->queued, .change = 1});
        if (callback->invoked) {
            steps.push_back({.at = *callback->invoked, .change = -1});
            continue;
        }
        const auto loss = std::lower_bound(loss_ends.begin(), loss_ends.end(), callback->queued);
        if (callback->state == CallbackState::unknown && loss != loss_ends.end()) {
            steps.push_back({.at = *loss, .change = -1});
        }
    }
    std::sort(steps.begin(), steps.end());
    return steps;
}

} // namespace

Backlog backlog_of(const std::vector<const Callback*>& callbacks, const CaptureSummary& capture, std::uint64_t limit) {
    Backlog backlog;
    std::int64_t pending = 0;
    for (const Step& step : steps_of(callbacks, capture)) {
        pending += step.change;
        const auto depth = static_cast<std::uint64_t>(std::max<std::int64_t>(pending, 0));
        if (depth > backlog.deepest) {
            backlog.deepest = depth;
            backlog.deepest_at = step.at;
        }
        if (depth > limit && !backlog.exceeded) {
            backlog.exceeded = step.at;
        }
    }
    return backlog;
}

} // namespace rcuscope
