// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/hazards.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "analysis/caches.hpp"
#include "analysis/double_queue.hpp"
#include "analysis/flood.hpp"
#include "analysis/init_text.hpp"
#include "analysis/lives.hpp"
#include "analysis/loss_index.hpp"
#include "analysis/no_barrier.hpp"
#include "analysis/readers.hpp"
#include "analysis/unload.hpp"
#include "analysis/verdict.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

void find_hazards(Timeline& timeline, const HazardLimits& limits) {
    CallbackNumbers callbacks(timeline.capture.lost, flood_from(timeline.capture, limits.callback_flood));
    if (may_flood(timeline, limits.callback_flood))
        callbacks.take_all(timeline);
    callbacks.finish();
    find_hazards(timeline, limits, callbacks);
}

void find_hazards(Timeline& timeline, const HazardLimits& limits, const CallbackNumbers& callbacks) {
    timeline.check_bound();
    const LossIndex losses(timeline.capture.lost);
    LifeJudge life_judge(timeline, losses, callbacks);
    DoubleQueues double_queues(timeline, losses);
    DestroyedCaches destroyed_caches(timeline);
    for (const Callback& callback : timeline.callbacks) { // in one pass: they may be spilled to disk
        life_judge.take(callback);
        double_queues.take(callback);
        destroyed_caches.take(callback);
    }
    const auto modules = std::move(life_judge).lives(double_queues.never_ran());

    std::vector<Hazard> hazards;
    const auto add = [&hazards](std::vector<Hazard> found) {
        hazards.insert(hazards.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    };
    for (const auto& [name, lives] : modules) {
        for (const JudgedLife& judged : lives) {
            add(unload_hazards(judged, timeline));
            std::vector<Hazard> waits = no_barrier_hazards(judged, timeline);
            std::ranges::move(init_text_hazards(judged, timeline), std::back_inserter(waits));
            if (judged.probes_delay)
                timeline.modules[judged.index].late_without_probes = judged.late_without_probes.size();
            if (judged.life->followed)
                timeline.modules[judged.index].verdict = verdict_of(judged, timeline, waits);
            add(std::move(waits));
        }
    }
    add(double_queues.hazards());
    add(destroyed_caches.hazards());
    add(left_reader_hazards(timeline));
    add(blocked_reader_hazards(timeline));
    add(long_reader_hazards(timeline, losses, limits.long_reader));
    add(flood_hazards(timeline, callbacks, limits.callback_flood));
    sort_by_time(hazards, [](const Hazard& hazard) { return hazard.at; });
    timeline.hazards = std::move(hazards);
}

} // namespace rcuscope
