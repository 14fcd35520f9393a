// SPDX-License-Identifier: BSD-2-Clause
//
// The hazard double-call-rcu: hazards.hpp says what it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "analysis/loss_index.hpp"
#include "base/long_table.hpp"
#include "timeline/heads.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Takes callbacks by their queueing.
class DoubleQueues {
public:
    // Refers to both, and to callbacks that it takes.
    DoubleQueues(const Timeline& timeline, const LossIndex& losses);
    DoubleQueues(const DoubleQueues&) = delete;
    DoubleQueues& operator=(const DoubleQueues&) = delete;
    ~DoubleQueues();

    void take(const Callback& callback) {
        const bool judged = judged_ && callback.head != 0;
        if (const Callback* before = judged ? exchange_newest(callback) : nullptr) {
            judge(*before, callback);
        }
    }

    // One for each pair of places that queued the same heads, with all callbacks that they queued so.
    std::vector<Hazard> hazards() const;
    // Ids of the callbacks in these pairs that were not seen to run.
    std::unordered_set<std::uint32_t> never_ran() const;

private:
    struct Ground;
    struct Newest {
        const Callback* callback = nullptr;
        Nanoseconds until = 0; // it was pending
    };

    const Callback* exchange_newest(const Callback& callback);
    void judge(const Callback& before, const Callback& callback);
    void sweep(Nanoseconds now);

    bool judged_; // else it is not known what was invoked, or no head was queued while it was pending
    std::unique_ptr<Ground> ground_;
    // What was queued with each head last. Most heads are used again; others go when they are many.
    LongTable<Newest, HeadHash> newest_;
    std::size_t sweep_at_ = 4096;
};

} // namespace rcuscope
