// SPDX-License-Identifier: BSD-2-Clause
//
// Interface for a consumer that takes each callback while the timeline is built, so that the builder does not keep all
// callbacks until the end.
#pragma once

#include "timeline/model.hpp"

namespace rcuscope {

class CallbackSink {
public:
    virtual ~CallbackSink() = default;

    // Called once for each callback, in order of queueing, when the row is final except perhaps for the grace period
    // that released it. `released_by`: that grace period, nullptr if not known yet. `kept`: the timeline also keeps it.
    virtual void take(const Callback& callback, const GracePeriod* released_by, bool kept) = 0;

    // For a callback taken without a grace period: `by` released it.
    virtual void released(const Callback& callback, const GracePeriod& by) = 0;
};

} // namespace rcuscope
