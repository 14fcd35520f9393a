// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the hazard double-call-rcu: an rcu_head is queued again while it is still pending. A false positive is avoided
// where records were lost, the capture is cut off, a probe was skipped, or the module was freed in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "analysis/loss_index.hpp"
#include "base/spill_table.hpp"
#include "timeline/head_hash.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Takes callbacks in the order in which they were queued.
class DoubleQueues {
public:
    // Keeps references to both arguments and to the callbacks that it takes.
    DoubleQueues(const Timeline& timeline, const LossIndex& losses);
    DoubleQueues(const DoubleQueues&) = delete;
    DoubleQueues& operator=(const DoubleQueues&) = delete;
    ~DoubleQueues();

    void take(const Callback& callback) {
        const bool judged = judged_ && callback.head != 0;
        if (const Callback* before = judged ? exchange_newest(callback) : nullptr)
            judge(*before, callback);
    }

    // One hazard for each pair of locations that queued the same heads, with all callbacks that they queued so.
    std::vector<Hazard> hazards() const;
    // The ids of the callbacks in these hazards whose invocation was not recorded.
    std::unordered_set<std::uint32_t> never_ran() const;

private:
    struct Context;
    struct Newest {
        const Callback* callback = nullptr;
        Nanoseconds until = 0; // when it was invoked; the maximum if that is not known
    };

    const Callback* exchange_newest(const Callback& callback);
    void judge(const Callback& before, const Callback& callback);
    void sweep(Nanoseconds now);

    bool judged_; // false: invocations are not recorded, or no head was queued while it was pending
    std::unique_ptr<Context> context_;
    // The callback that was queued last with each head. Most heads are reused. sweep() removes the invoked ones when
    // the table has grown to sweep_at_.
    SpillTable<Newest, HeadHash> newest_;
    std::size_t sweep_at_ = 4096;
};

} // namespace rcuscope
