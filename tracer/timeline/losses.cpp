// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/losses.hpp"

#include <algorithm>
#include <tuple>

#include "timeline/moment.hpp"

namespace rcuscope {

bool LossTracker::lost(std::uint32_t cpu, const event::Lost& lost) {
    Cpu& seen = cpus_[cpu];
    if (lost.total <= seen.total)
        return false;
    const Nanoseconds from = relative_time(lost.from_ns, start_ns_);
    const Nanoseconds to = relative_time(lost.to_ns, start_ns_);
    // Losses before the start do not belong to the recording.
    if (to >= 0)
        losses_.push_back({.cpu = cpu, .from = from, .to = std::max(from, to), .count = lost.total - seen.total});
    seen.total = lost.total;
    seen.reports++;
    all_reports_++;
    return true;
}

std::uint32_t LossTracker::reports_of(std::uint32_t cpu) const {
    const auto seen = cpus_.find(cpu);
    return seen == cpus_.end() ? 0 : seen->second.reports;
}

std::vector<Loss> LossTracker::finish(const std::optional<Trailer>& trailer) {
    if (trailer)
        for (const CpuLoss& loss : trailer->lost)
            lost(loss.cpu, {.total = loss.total, .from_ns = loss.from_ns, .to_ns = loss.to_ns});
    std::stable_sort(losses_.begin(), losses_.end(),
                     [](const Loss& a, const Loss& b) { return std::tie(a.from, a.cpu) < std::tie(b.from, b.cpu); });
    return std::move(losses_);
}

} // namespace rcuscope
