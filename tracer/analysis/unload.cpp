// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/unload.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "analysis/loss_index.hpp"

namespace rcuscope {

namespace {

using Callbacks = std::vector<const Callback*>;

// A life of a module, and what its callbacks did when it went.
struct Unload {
    const ModuleLife* life = nullptr;
    Nanoseconds first_known = 0;
    MaybeTime begin;     // of its going: free_module() entered. None: it was not seen to go
    MaybeTime gone;      // its memory surely was. None: not before the recording's end
    Callbacks late;      // not done in time
    Callbacks just_done; // done in time, but not before free_module()
    Callbacks unsure;    // not known
    bool unsure_by_loss = false;
};

using Lives = std::vector<Unload>; // of one module, in the order of time

Nanoseconds first_known(const ModuleLife& life) {
    for (const MaybeTime& time : {life.loaded, life.init_done, life.exit, life.exit_done, life.free_begin}) {
        if (time) {
            return *time;
        }
    }
    return life.freed.value_or(0);
}

// By name. Where a life's end was missed, the next life says that it was over by then.
std::map<std::string, Lives> lives_of(const Timeline& timeline) {
    std::map<std::string, Lives> modules;
    for (const ModuleLife& life : timeline.modules) {
        Lives& lives = modules[life.name];
        Unload next;
        next.life = &life;
        next.first_known = first_known(life);
        next.begin = life.free_begin;
        next.gone = life.freed;
        if (!lives.empty() && !lives.back().gone) {
            lives.back().gone = next.first_known;
        }
        lives.push_back(std::move(next));
    }
    for (auto& [name, lives] : modules) {
        for (Unload& unload : lives) {
            unload.begin = unload.begin ? unload.begin : unload.gone;
        }
    }
    return modules;
}

// The life in which a callback was queued: the last that had begun, or the first
// one, whose beginning may not have been seen.
Unload& life_at(Lives& lives, Nanoseconds queued) {
    const auto after = std::upper_bound(lives.begin(), lives.end(), queued,
                                        [](Nanoseconds at, const Unload& unload) { return at < unload.first_known; });
    return after == lives.begin() ? *after : *std::prev(after);
}

void judge(const Callback& callback, Unload& unload, const Timeline& timeline, const LossIndex& losses) {
    const Nanoseconds deadline = unload.gone.value_or(timeline.capture.end);
    if (!unload.begin || callback.queued > deadline) {
        return;
    }
    if (callback.done) {
        if (*callback.done > deadline) {
            unload.late.push_back(&callback);
        } else if (*callback.done > *unload.begin) {
            unload.just_done.push_back(&callback);
        }
        return;
    }
    // free_module() waits for a grace period, and a grace period for a callback
    // that runs already: its return was missed, or lies beyond the end.
    if (callback.invoked && *callback.invoked <= *unload.begin) {
        return;
    }
    // It surely was not done when it was last seen. A loss after that may hide its end.
    const Nanoseconds seen = callback.invoked.value_or(callback.queued);
    const bool lost = seen <= deadline && losses.overlaps(seen, deadline);
    // Neither a loss nor a cut explains that its end is not known: its head was
    // used anew before it was seen to run.
    const bool unexplained = !callback.invoked && callback.state == CallbackState::unknown &&
                             timeline.capture.complete && !losses.overlaps(callback.queued, timeline.capture.end);
    if (lost || unexplained) {
        unload.unsure.push_back(&callback);
        unload.unsure_by_loss = unload.unsure_by_loss || lost;
    } else {
        unload.late.push_back(&callback);
    }
}

// "rcu_unload:node_free, rcu_unload:list_free and 2 more": most callbacks first.
std::string functions_of(const Callbacks& callbacks) {
    constexpr std::size_t shown = 3;
    std::map<std::string, std::size_t> counts;
    for (const Callback* callback : callbacks) {
        counts[callback->function.module + ":" + callback->function.function]++;
    }
    std::vector<std::pair<std::string, std::size_t>> functions(counts.begin(), counts.end());
    std::stable_sort(functions.begin(), functions.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string text;
    for (std::size_t i = 0; i < std::min(shown, functions.size()); i++) {
        text += (i == 0 ? "" : ", ") + functions[i].first;
    }
    if (functions.size() > shown) {
        text += " and " + std::to_string(functions.size() - shown) + " more";
    }
    return text;
}

// "12 of its callbacks (rcu_unload:node_free)"
std::string count_of(const Callbacks& callbacks) {
    return std::to_string(callbacks.size()) + " of its callbacks (" + functions_of(callbacks) + ")";
}

std::string still_queued(const Callbacks& callbacks) {
    return count_of(callbacks) + (callbacks.size() == 1 ? " was" : " were") + " still queued";
}

std::string remedy(const ModuleLife& life) {
    return std::string("call rcu_barrier() in ") +
           (life.init_error ? "the error path of its init function" : "its exit function") +
           ", after the last call_rcu(), before anything it uses goes away.";
}

Hazard hazard_of(const Unload& unload, const char* severity, Nanoseconds at, const Callbacks& callbacks,
                 std::string text) {
    Hazard hazard{.kind = "freed-with-pending-callbacks",
                  .severity = severity,
                  .module = unload.life->name,
                  .at = at,
                  .callbacks = {},
                  .text = std::move(text)};
    for (const Callback* callback : callbacks) {
        hazard.callbacks.push_back(callback->id);
    }
    return hazard;
}

std::optional<Hazard> known_hazard(const Unload& unload, bool complete) {
    const std::string& name = unload.life->name;
    if (!unload.late.empty() && unload.gone) {
        return hazard_of(unload, "fatal", *unload.gone, unload.late,
                         name + " was freed while " + still_queued(unload.late) + ": " + remedy(*unload.life));
    }
    if (!unload.late.empty()) {
        // An orderly end says nothing of what came next; a cut at this very point is what a crash looks like.
        const char* end = complete ? "the recording ended while " : "the recording breaks off while ";
        return hazard_of(unload, complete ? "latent" : "fatal", *unload.begin, unload.late,
                         end + name + " was being freed and " + still_queued(unload.late) + ": " +
                             remedy(*unload.life));
    }
    if (!unload.just_done.empty()) {
        return hazard_of(unload, "latent", *unload.begin, unload.just_done,
                         name + " was being freed while " + still_queued(unload.just_done) +
                             ", and this time they ran before its memory was gone: " + remedy(*unload.life));
    }
    return std::nullopt;
}

std::optional<Hazard> unsure_hazard(const Unload& unload) {
    if (unload.unsure.empty()) {
        return std::nullopt;
    }
    const char* why = unload.unsure_by_loss ? "records were lost meanwhile"
                                            : "their heads were queued again before they were seen to run";
    return hazard_of(unload, "warning", *unload.begin, unload.unsure,
                     unload.life->name + (unload.gone ? " was freed" : " was being freed") +
                         ", and it is not known whether " + count_of(unload.unsure) + " had run by then, because " +
                         why + ": if nothing waits for them, " + remedy(*unload.life));
}

} // namespace

std::vector<Hazard> find_unload_hazards(const Timeline& timeline) {
    const LossIndex losses(timeline.capture.lost);
    auto modules = lives_of(timeline);
    for (const Callback& callback : timeline.callbacks) {
        const auto module = modules.find(callback.function.module);
        if (module != modules.end()) {
            judge(callback, life_at(module->second, callback.queued), timeline, losses);
        }
    }
    std::vector<Hazard> hazards;
    for (const auto& [name, lives] : modules) {
        for (const Unload& unload : lives) {
            for (auto& hazard : {known_hazard(unload, timeline.capture.complete), unsure_hazard(unload)}) {
                if (hazard) {
                    hazards.push_back(*hazard);
                }
            }
        }
    }
    return hazards;
}

} // namespace rcuscope
