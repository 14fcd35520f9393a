// SPDX-License-Identifier: BSD-2-Clause
//
// Records that each CPU lost. Reports hold cumulative totals, so a total that is reported twice adds nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/event.hpp"
#include "capture/metadata.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

class LossTracker {
public:
    explicit LossTracker(std::uint64_t start_ns) : start_ns_(start_ns) {}

    // Returns whether the report has new losses.
    bool lost(std::uint32_t cpu, const event::Lost& lost);

    // Number of reports with new losses, of one CPU and of all. A tracker stores it with each open item; if it differs
    // later, the record of the end may have been lost.
    std::uint32_t reports(std::uint32_t cpu) const { return all_reports_ == 0 ? 0 : reports_of(cpu); }
    std::uint32_t reports() const { return all_reports_; }

    // Adds the losses that only the kernel's final count shows. Sorted by time.
    std::vector<Loss> finish(const std::optional<Trailer>& trailer);

private:
    struct Cpu {
        std::uint64_t total = 0;
        std::uint32_t reports = 0;
    };

    std::uint32_t reports_of(std::uint32_t cpu) const;

    std::uint64_t start_ns_;
    std::uint32_t all_reports_ = 0;
    std::unordered_map<std::uint32_t, Cpu, SeededHash> cpus_;
    std::vector<Loss> losses_;
};

} // namespace rcuscope
