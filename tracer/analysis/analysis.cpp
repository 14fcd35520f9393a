// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/analysis.hpp"

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
#include "timeline/latency_breakdown.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

void append(std::vector<Hazard>& hazards, std::vector<Hazard> found) {
    hazards.insert(hazards.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
}

void judge(const JudgedLife& judged, const Timeline& timeline, Analysis& analysis) {
    append(analysis.hazards, unload_hazards(judged, timeline));
    std::vector<Hazard> waits = no_barrier_hazards(judged, timeline);
    append(waits, init_text_hazards(judged, timeline));
    LifeVerdict& verdict = analysis.verdicts[judged.index];
    if (judged.probes_delay)
        verdict.late_without_probes = judged.late_without_probes.size();
    if (judged.life->followed)
        verdict.text = verdict_of(judged, timeline, waits);
    append(analysis.hazards, std::move(waits));
}

} // namespace

Analysis analyse(const Timeline& timeline, const HazardLimits& limits) {
    timeline.check_bound();
    const LossIndex losses(timeline.capture.lost);
    CallbackNumbers numbers(timeline.capture.lost, flood_from(timeline.capture, limits.callback_flood));
    LifeJudge life_judge(timeline, losses);
    DestroyedCaches destroyed_caches(timeline);
    for (const Callback& callback : timeline.callbacks) { // in one pass: they may be spilled to disk
        numbers.take(callback, released_by(callback, timeline.grace_periods));
        life_judge.take(callback);
        destroyed_caches.take(callback);
    }
    numbers.finish();
    const DoubleQueues double_queues(timeline, losses);

    Analysis analysis;
    analysis.verdicts.resize(timeline.modules.size());
    for (const auto& [name, lives] : std::move(life_judge).lives(double_queues.never_ran()))
        for (const JudgedLife& judged : lives)
            judge(judged, timeline, analysis);
    std::vector<Hazard>& hazards = analysis.hazards;
    append(hazards, double_queues.hazards());
    append(hazards, destroyed_caches.hazards());
    append(hazards, left_reader_hazards(timeline));
    append(hazards, blocked_reader_hazards(timeline));
    append(hazards, long_reader_hazards(timeline, losses, limits.long_reader));
    append(hazards, flood_hazards(timeline, numbers, limits.callback_flood));
    sort_by_time(hazards, [](const Hazard& hazard) { return hazard.at; });
    analysis.holders = find_holders(timeline);
    analysis.statistics = statistics_of(timeline, numbers);
    return analysis;
}

} // namespace rcuscope
