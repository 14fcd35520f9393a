// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/analysis.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
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

// The index of the life in which a module was at a time. None: no life of it contains that time, or the name is empty.
std::optional<std::size_t> life_at(const std::map<std::string, Lives>& modules, const std::string& module,
                                   Nanoseconds at) {
    const auto lives = modules.find(module);
    if (lives == modules.end())
        return std::nullopt;
    const auto judged = std::ranges::lower_bound(lives->second, at, {}, [](const JudgedLife& each) {
        return each.gone.value_or(std::numeric_limits<Nanoseconds>::max());
    });
    const bool found = judged != lives->second.end() && judged->life->loaded.value_or(at) <= at;
    return found ? std::optional(judged->index) : std::nullopt;
}

void judge(const JudgedLife& judged, const Timeline& timeline, Analysis& analysis) {
    const std::size_t before = analysis.hazards.size();
    append(analysis.hazards, unload_hazards(judged, timeline));
    std::vector<Hazard> waits = no_barrier_hazards(judged, timeline);
    append(waits, init_text_hazards(judged, timeline));
    LifeVerdict& verdict = analysis.verdicts[judged.index];
    if (judged.probes_delay)
        verdict.late_without_probes = judged.late_without_probes.size();
    if (judged.life->followed)
        verdict.text = verdict_of(judged, timeline, waits);
    append(analysis.hazards, std::move(waits));
    for (std::size_t i = before; i < analysis.hazards.size(); i++)
        analysis.hazards[i].life = judged.index;
}

} // namespace

Analysis analyse(const Timeline& timeline, const HazardLimits& limits) {
    timeline.check_bound();
    const LossIndex losses(timeline.capture.lost);
    CallbackNumbers numbers(timeline, flood_from(timeline.capture, limits.callback_flood),
                            max_backlog_points(timeline.callbacks.size()));
    LifeJudge life_judge(timeline, losses);
    DestroyedCaches destroyed_caches(timeline);
    Analysis analysis;
    analysis.released.resize(timeline.grace_periods.size());
    for (const Callback& callback : timeline.callbacks) { // in one pass: they may be spilled to disk
        const GracePeriod* by = released_by(callback, timeline.grace_periods);
        if (by != nullptr)
            analysis.released[*callback.grace_period - 1]++;
        numbers.take(callback, by);
        life_judge.take(callback);
        destroyed_caches.take(callback);
    }
    numbers.finish();
    const DoubleQueues double_queues(timeline, losses);

    analysis.verdicts.resize(timeline.modules.size());
    const auto modules = std::move(life_judge).lives(double_queues.never_ran());
    for (const auto& [name, lives] : modules)
        for (const JudgedLife& judged : lives)
            judge(judged, timeline, analysis);
    std::vector<Hazard>& hazards = analysis.hazards;
    append(hazards, double_queues.hazards());
    append(hazards, destroyed_caches.hazards());
    append(hazards, left_reader_hazards(timeline));
    append(hazards, blocked_reader_hazards(timeline));
    append(hazards, long_reader_hazards(timeline, losses, limits.long_reader));
    append(hazards, flood_hazards(timeline, numbers, limits.callback_flood));
    for (Hazard& hazard : hazards)
        if (!hazard.life)
            hazard.life = life_at(modules, hazard.module, hazard.at);
    sort_by_time(hazards, [](const Hazard& hazard) { return hazard.at; });
    analysis.holders = find_holders(timeline);
    analysis.backlogs = numbers.backlogs();
    analysis.statistics = statistics_of(timeline, numbers);
    return analysis;
}

} // namespace rcuscope
