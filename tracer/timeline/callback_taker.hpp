// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "timeline/model.hpp"

namespace rcuscope {

// Takes callbacks while a timeline is built, so that they need not be kept until its end.
class CallbackTaker {
public:
    virtual ~CallbackTaker() = default;

    // One of which nothing more will be learnt, but perhaps which grace period released it; by their queueing, each
    // once. `released_by`: that, as far as it is known by now. `kept`: it will be in the timeline as well.
    virtual void take(const Callback& callback, const GracePeriod* released_by, bool kept) = 0;

    // One that was taken without: this one released it.
    virtual void released(const Callback& callback, const GracePeriod& by) = 0;
};

} // namespace rcuscope
