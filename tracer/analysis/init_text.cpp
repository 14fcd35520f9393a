// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/init_text.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "analysis/describe.hpp"
#include "base/duration.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

// True if the module called rcu_barrier() after the callback was queued and before its init function returned, and the
// callback ran by then.
bool waited_in_init(const Callback& callback, const JudgedLife& judged, const Timeline& timeline) {
    const auto& waits = timeline.waits;
    const MaybeTime& init_done = judged.life->init_done;
    if (!init_done || !callback.invoked || *callback.invoked > *init_done)
        return false;
    const auto first = std::lower_bound(waits.begin(), waits.end(), callback.queued,
                                        [](const Wait& wait, Nanoseconds at) { return wait.begin < at; });
    for (auto wait = first; wait != waits.end() && wait->begin <= *init_done; ++wait)
        if (wait->kind == event::WaitKind::rcu_barrier && wait->end && *wait->end <= *init_done &&
            wait->caller.module == judged.life->name)
            return true;
    return false;
}

bool in_time(const Callback& callback, Nanoseconds gone) {
    return callback.invoked && callback.done.value_or(*callback.invoked) <= gone;
}

constexpr const char* keep_out_of_init_text =
    "remove __init from the callback's function, or call rcu_barrier() before the init function returns.";

} // namespace

std::vector<Hazard> init_text_hazards(const JudgedLife& judged, const Timeline& timeline) {
    Callbacks own;
    for (const Callback* callback : judged.in_init)
        if (!waited_in_init(*callback, judged, timeline))
            own.push_back(callback);
    if (own.empty() || !judged.life->followed)
        return {};
    Callbacks late;
    if (judged.init_gone) {
        std::copy_if(
            own.begin(), own.end(), std::back_inserter(late),
            [&](const Callback* callback) {
                return !in_time(*callback, *judged.init_gone) && callback->state != CallbackState::unknown;
            });
    }
    const Callbacks& told = late.empty() ? own : late;
    const bool one = told.size() == 1;
    std::string text = counted(told.size(), "callback") + " of " + judged.life->name + " (" + functions_of(told) +
                       "), queued " + origins_of(told) + (one ? ", is" : ", are") +
                       " in its init code, whose memory is freed when the init function has returned";
    Nanoseconds at = own.front()->queued;
    if (!late.empty()) {
        at = *judged.init_gone;
        text += one ? ", and it had not run by then, so that it runs code that is freed: "
                    : ", and they had not run by then, so that they run code that is freed: ";
    } else {
        MaybeTime last;
        bool all_seen = true;
        for (const Callback* callback : own) {
            all_seen = all_seen && callback->invoked;
            if (callback->invoked)
                last = std::max(last.value_or(*callback->invoked), callback->done.value_or(*callback->invoked));
        }
        if (judged.init_gone && last && all_seen && *last <= *judged.init_gone) {
            text += one ? "; it had run " : "; they had run ";
            text += duration_text(elapsed(*last, *judged.init_gone)) + " before that, by chance: ";
        } else {
            text += one ? "; it is not known whether it had run by then: "
                        : "; it is not known whether they had run by then: ";
        }
    }
    return {{.kind = callback_in_init_text,
             .severity = late.empty() ? "latent" : "fatal",
             .module = judged.life->name,
             .at = at,
             .callbacks = ids_of(told),
             .text = text + keep_out_of_init_text}};
}

} // namespace rcuscope
