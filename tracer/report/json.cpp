// SPDX-License-Identifier: BSD-2-Clause
//
// Writes the report as JSON, schema rcuscope.report/1 (docs/report.schema.json). Any change except an addition needs a
// new schema number.
#include "analysis/histogram_json.hpp"
#include "base/json_lines.hpp"
#include "report/report.hpp"
#include "report/words.hpp"
#include "timeline/json_parts.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

using Json = OrderedJson;

Json or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json durations_json(const Histogram& of) {
    const bool none = of.count() == 0;
    const auto known = [none](Nanoseconds value) { return none ? Json(nullptr) : Json(value); };
    return {{"count", of.count()},
            {"min_ns", known(of.min())},
            {"p50_ns", known(of.percentile(50))},
            {"p90_ns", known(of.percentile(90))},
            {"p99_ns", known(of.percentile(99))},
            {"p99_9_ns", known(of.percentile(99.9))},
            {"max_ns", known(of.max())},
            {"sum_ns", of.sum()}};
}

Json grace_periods_json(const GracePeriodStatistics& of, const Timeline& timeline, const Analysis& analysis) {
    Json longest = Json::array();
    for (const std::size_t place : of.longest) {
        const GracePeriod& gp = timeline.grace_periods[place];
        const Holder* holder = analysis.holder_of(gp);
        longest.push_back({{"id", gp.id},
                           {"gp_seq", gp.gp_seq},
                           {"start_ns", *gp.start},
                           {"duration_ns", elapsed(*gp.start, *gp.end)},
                           {"holder", holder != nullptr ? Json(to_text(holder->kind)) : Json(nullptr)},
                           {"text", holder != nullptr ? Json(holder->text) : Json(nullptr)}});
    }
    const Nanoseconds recorded = timeline.capture.end;
    return {{"count", of.count},
            {"ended", of.ended},
            {"per_second",
             recorded > 0 ? Json(1e9 * static_cast<double>(of.count) / static_cast<double>(recorded)) : Json(nullptr)},
            {"duration", durations_json(of.duration)},
            {"buckets", buckets_json(of.duration)},
            {"longest", std::move(longest)}};
}

// The members that all rows of callbacks have.
void add_callback_numbers(Json& json, const CallbackStatistics& row) {
    json["queued"] = row.queued;
    json["done"] = row.done;
    json["pending"] = row.pending;
    json["unknown"] = row.unknown;
    json["latency"] = durations_json(row.latency);
    json["waiting_for_start"] = durations_json(row.waiting_for_start);
    json["waiting_for_end"] = durations_json(row.waiting_for_end);
    json["waiting_for_invocation"] = durations_json(row.waiting_for_invocation);
    json["running"] = durations_json(row.run_time);
    json["backlog"] = {{"deepest", row.backlog.deepest},
                       {"at_ns", row.backlog.deepest ? Json(row.backlog.deepest_at) : Json(nullptr)}};
}

Json all_callbacks_json(const CallbackStatistics& row) {
    Json json = Json::object();
    add_callback_numbers(json, row);
    return json;
}

Json callback_module_json(const CallbackStatistics& row) {
    Json json = {{"known", row.named}, {"module", or_null(row.name.module)}};
    add_callback_numbers(json, row);
    return json;
}

Json callback_function_json(const CallbackStatistics& row) {
    Json json = {{"function", name_text(row.name)}, {"module", or_null(row.name.module)}};
    add_callback_numbers(json, row);
    return json;
}

Json reader_json(const ReadSectionStatistics& row, const SpillVector<ReadSection>& sections) {
    Json longest = nullptr;
    if (row.longest) {
        const ReadSection& section = sections[*row.longest];
        longest = {{"begin_ns", section.begin},
                   {"duration_ns", elapsed(section.begin, *section.end)},
                   {"place", location_name(section.place, true)},
                   {"cpu", section.cpu},
                   {"tid", section.tid},
                   {"comm", section.comm},
                   {"off_cpu", section.off_cpu.size()}};
    }
    return {{"function", name_text(row.name)},
            {"module", or_null(row.name.module)},
            {"by", to_text(row.by)},
            {"count", row.count},
            {"never_ended", row.never_ended},
            {"ends_unseen", row.ends_unseen},
            {"open", row.open},
            {"duration", durations_json(row.duration)},
            {"longest", std::move(longest)}};
}

Json wait_json(const WaitStatistics& row) {
    return {{"kind", to_text(row.kind)},
            {"caller", name_text(row.caller)},
            {"module", or_null(row.caller.module)},
            {"count", row.count},
            {"duration", durations_json(row.duration)}};
}

Json kvfree_json(const KvfreeStatistics& row) {
    return {{"caller", name_text(row.caller)},
            {"module", or_null(row.caller.module)},
            {"count", row.count},
            {"headless", row.headless}};
}

Json hazard_json(const Hazard& hazard) {
    return {{"kind", hazard.kind},
            {"severity", hazard.severity},
            {"module", or_null(hazard.module)},
            {"at_ns", hazard.at},
            {"text", hazard.text}};
}

Json recording_json(const CaptureSummary& capture) {
    return {{"recorded_ns", capture.end}, {"complete", capture.complete}, {"end_reason", capture.end_reason},
            {"command", capture.command}, {"followed", capture.followed}, {"all_callbacks", capture.all_callbacks}};
}

Json own_cost_json(const CaptureSummary& capture) {
    Json json = {
        {"own_share", own_share_json(capture.own_share)}, {"recorder_cpu_ns", nullptr}, {"programs_ns", nullptr}};
    if (capture.stats) {
        std::uint64_t programs = 0;
        for (const ProgramRuns& program : capture.stats->programs)
            programs += program.ns;
        json["recorder_cpu_ns"] = capture.stats->recorder_cpu_ns;
        json["programs_ns"] = programs;
    }
    return json;
}

Json losses_json(const Timeline& timeline, const Statistics& numbers) {
    Json uncertain = Json::array();
    for (const Uncertainty& each : uncertainties(timeline, numbers))
        uncertain.push_back({{"what", each.what}, {"text", each.text}});
    return {{"records", numbers.lost_records},
            {"gaps", losses_json(timeline.capture)},
            {"missed", numbers.skipped_runs},
            {"uncertain", std::move(uncertain)}};
}

} // namespace

void write_report_json(const Timeline& timeline, const Analysis& analysis, std::ostream& out) {
    timeline.check_bound();
    const Statistics& numbers = analysis.statistics;
    JsonLines lines(out);
    lines.begin_object();
    lines.member("schema", "rcuscope.report/1");
    lines.object("host", host_json(timeline.host));
    lines.object("recording", recording_json(timeline.capture));
    lines.begin_array("hazards");
    for (const Hazard* hazard : worst_first(analysis.hazards))
        lines.element(hazard_json(*hazard));
    lines.end_array();
    lines.object("losses", losses_json(timeline, numbers));
    lines.member("max_relative_error", Histogram::max_relative_error);
    lines.begin_object("grace_periods");
    lines.member("normal", grace_periods_json(numbers.normal, timeline, analysis));
    lines.member("expedited", grace_periods_json(numbers.expedited, timeline, analysis));
    lines.end_object();
    lines.begin_object("callbacks");
    lines.member("all", all_callbacks_json(numbers.all_callbacks));
    lines.array("modules", numbers.callback_modules, callback_module_json);
    lines.array("functions", numbers.callbacks, callback_function_json);
    lines.end_object();
    lines.array("readers", numbers.read_sections,
                [&](const auto& row) { return reader_json(row, timeline.read_sections); });
    lines.array("waits", numbers.waits, wait_json);
    lines.array("kvfree_calls", numbers.kvfree_calls, kvfree_json);
    lines.object("own_cost", own_cost_json(timeline.capture));
    lines.end_object();
    lines.finish();
}

} // namespace rcuscope
