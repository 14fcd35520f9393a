// SPDX-License-Identifier: BSD-2-Clause
//
// Writes the timeline as JSON, schema rcuscope.timeline/1 (docs/timeline.schema.json). Other programs rely on it: any
// change except an addition needs a new schema number.
#include "base/json_lines.hpp"
#include "base/text.hpp"
#include "export/exporter.hpp"
#include "export/json_rows.hpp"
#include "timeline/json_parts.hpp"
#include "timeline/latency_breakdown.hpp"

namespace rcuscope {
namespace {

using Json = OrderedJson;

template <typename T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json or_null(const std::string& value) {
    return value.empty() ? Json(nullptr) : Json(value);
}

// A caller: the name with its offset.
Json point(const CodeLocation& place) {
    return place.known() ? Json(location_name(place, true)) : Json(nullptr);
}

// Sequence numbers are signed, as in the kernel's own trace events.
Json sequences(const std::optional<RcuSequences>& of) {
    if (!of)
        return nullptr;
    return {{"gp_seq", static_cast<std::int64_t>(of->gp_seq)},
            {"expedited_seq", static_cast<std::int64_t>(of->expedited_seq)}};
}

Json callback_losses(const std::optional<CallbackLosses>& lost) {
    if (!lost)
        return nullptr;
    return {{"queued", lost->queued}, {"invoked", lost->invoked}, {"done", lost->done}};
}

Json programs(const std::optional<RunStats>& stats) {
    if (!stats)
        return nullptr;
    Json json = Json::array();
    for (const ProgramRuns& each : stats->programs)
        json.push_back({{"program", each.program}, {"place", each.place}, {"runs", each.runs}, {"ns", each.ns}});
    return json;
}

class Writer {
public:
    Writer(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options, std::ostream& out)
        : timeline_(timeline), analysis_(analysis), options_(options), lines_(out) {}

    void write();

private:
    void write_capture();
    void module_life(JsonRow& row, const ModuleLife& life, const LifeVerdict& verdict) const;
    void reference(JsonRow& row, const ModuleLife::Reference& reference) const;
    void callback(JsonRow& row, const Callback& callback) const;
    void shares(JsonRow& row, const Callback& callback) const;
    void read_section(JsonRow& row, const ReadSection& section) const;
    void wait(JsonRow& row, const Wait& wait) const;
    void kvfree_call(JsonRow& row, const KvfreeCall& call) const;
    void function_call(JsonRow& row, const FunctionCall& call) const;

    const Timeline& timeline_;
    const Analysis& analysis_;
    const ExportOptions& options_;
    JsonLines lines_;
};

void Writer::write_capture() {
    const CaptureSummary& capture = timeline_.capture;
    lines_.begin_object("capture");
    lines_.member("start_ns", capture.start);
    lines_.member("end_ns", capture.end);
    lines_.member("start_boottime_ns", capture.start_boottime_ns);
    lines_.member("clocks", {{"boottime_ns", capture.clocks.boottime_ns},
                             {"monotonic_ns", capture.clocks.monotonic_ns},
                             {"realtime_ns", capture.clocks.realtime_ns}});
    lines_.member("complete", capture.complete);
    lines_.member("end_reason", capture.end_reason);
    lines_.member("command", capture.command);
    lines_.member("command_status", or_null(capture.command_status));
    lines_.member("followed", capture.followed);
    lines_.member("all_callbacks", capture.all_callbacks);
    lines_.array(
        "probes", capture.probes,
        [](const CaptureSummary::Probe& probe) -> Json {
            return {{"hook", probe.hook}, {"via", probe.via}, {"hits", or_null(probe.hits)}, {"missed", probe.missed}};
        });
    lines_.array(
        "missing", capture.missing,
        [](const MissingInfo& missing) -> Json {
            return {{"hook", missing.hook}, {"why", missing.why}};
        });
    lines_.array(
        "not_followed", capture.not_followed,
        [](const CaptureSummary::NotFollowed& module) -> Json {
            return {{"module", module.module}, {"calls", module.calls}};
        });
    lines_.array("lost", losses_json(capture), [](const Json& loss) { return loss; });
    lines_.member("lost_callbacks", callback_losses(capture.lost_callbacks));
    lines_.member("sequences_at_start", sequences(capture.sequences_at_start));
    lines_.member("sequences_at_end", sequences(capture.sequences_at_end));
    lines_.member("own_share", own_share_json(capture.own_share));
    lines_.member("recorder_cpu_ns", capture.stats ? Json(capture.stats->recorder_cpu_ns) : Json(nullptr));
    lines_.member("programs", programs(capture.stats));
    lines_.end_object();
}

// Values of rows that occur in large numbers. They are written without a JSON object in memory.
void name(JsonRow& row, PooledLocation place, bool with_offset) {
    row.value(pooled_name(place, with_offset));
}

void place(JsonRow& row, PooledLocation at) {
    if (at->known())
        name(row, at, true);
    else
        row.value(nullptr);
}

// A caller: the name with its offset.
void point(JsonRow& row, const CodeLocation& place) {
    if (place.known())
        row.value(location_name(place, true));
    else
        row.value(nullptr);
}

template <typename Context>
void context_or_null(JsonRow& row, Context context) {
    if (context == Context::unknown)
        row.value(nullptr);
    else
        row.value(to_text(context));
}

void address_or_null(JsonRow& row, std::uint64_t address) {
    if (address == 0)
        row.value(nullptr);
    else
        row.value(hex(address));
}

void Writer::module_life(JsonRow& row, const ModuleLife& life, const LifeVerdict& verdict) const {
    row.begin_object();
    row.member("name", life.name);
    row.member("followed", life.followed);
    row.member("loaded_ns", life.loaded);
    row.member("init_done_ns", life.init_done);
    row.member("init_error", life.init_error);
    row.member("init_freed_ns", life.init_freed);
    row.member("exit_ns", life.exit);
    row.member("exit_done_ns", life.exit_done);
    row.member("unprobing_ns", life.unprobing);
    row.member("unprobed_ns", life.unprobed);
    row.member("free_begin_ns", life.free_begin);
    row.member("freed_ns", life.freed);
    row.member("pending_at_exit", life.pending_at_exit);
    row.member("pending_at_free", life.pending_at_free);
    row.member("pending_at_freed", life.pending_at_freed);
    row.member("late_without_probes", verdict.late_without_probes);
    row.key("refusals");
    row.begin_array();
    for (const ModuleLife::Refusal& refusal : life.refusals) {
        row.begin_object();
        row.member("at_ns", refusal.at);
        row.member("error", refusal.error);
        row.end_object();
    }
    row.end_array();
    row.key("references");
    row.begin_array();
    for (const ModuleLife::Reference& reference : life.references)
        this->reference(row, reference);
    row.end_array();
    row.key("verdict");
    text_or_null(row, verdict.text);
    row.end_object();
}

void Writer::reference(JsonRow& row, const ModuleLife::Reference& reference) const {
    row.begin_object();
    row.member("at_ns", reference.at);
    row.member("taken", reference.taken);
    row.member("count", reference.count);
    row.member("cpu", reference.cpu);
    row.member("tid", reference.tid);
    row.member("comm", reference.comm);
    row.key("caller");
    point(row, reference.caller);
    if (options_.addresses) {
        row.key("caller_address");
        address_or_null(row, reference.caller.address);
    }
    row.end_object();
}

void Writer::shares(JsonRow& row, const Callback& callback) const {
    const auto shares = latency_breakdown(callback, timeline_.grace_periods);
    if (!shares) {
        row.value(nullptr);
        return;
    }
    row.begin_object();
    row.member("waiting_for_start_ns", shares->waiting_for_start);
    row.member("waiting_for_end_ns", shares->waiting_for_end);
    row.member("waiting_for_invocation_ns", shares->waiting_for_invocation);
    row.member("running_ns", shares->running);
    row.end_object();
}

void Writer::callback(JsonRow& row, const Callback& callback) const {
    row.begin_object();
    row.member("id", callback.id);
    row.key("function");
    name(row, callback.function, false);
    row.key("module");
    text_or_null(row, callback.function->module);
    row.key("caller");
    place(row, callback.caller);
    row.member("queued_ns", callback.queued);
    row.member("queued_cpu", callback.queued_cpu);
    row.member("queued_tid", callback.queued_tid);
    row.member("queued_comm", callback.queued_comm);
    row.member("invoked_ns", callback.invoked);
    row.member("done_ns", callback.done);
    row.member("invoked_cpu", callback.invoked_cpu);
    row.key("context");
    context_or_null(row, callback.context);
    row.member("grace_period", callback.grace_period);
    row.member("state", to_text(callback.state));
    row.member("lazy", callback.lazy);
    row.key("shares");
    shares(row, callback);
    row.member("stack", callback.stack);
    row.key("queued_context");
    context_or_null(row, callback.queued_in);
    if (options_.addresses) {
        row.key("function_address");
        address_or_null(row, callback.function->address);
        row.key("caller_address");
        address_or_null(row, callback.caller->address);
        row.key("head");
        address_or_null(row, callback.head);
    }
    row.end_object();
}

void Writer::read_section(JsonRow& row, const ReadSection& section) const {
    row.begin_object();
    row.member("tid", section.tid);
    row.member("comm", section.comm);
    row.member("cpu", section.cpu);
    row.member("begin_ns", section.begin);
    row.member("end_ns", section.end);
    row.member("ended_by_ns", section.known_end());
    row.key("function");
    name(row, section.place, false);
    row.key("module");
    text_or_null(row, section.place.module);
    row.key("place");
    place(row, section.place);
    row.member("nesting", section.nesting);
    row.member("by", to_text(section.by));
    row.member("left_ns", section.left == SectionLeft::no ? MaybeTime() : MaybeTime(section.left_at));
    row.key("left");
    text_or_null(row, std::string(to_text(section.left)));
    row.key("off_cpu");
    row.begin_array();
    for (const ReadSection::OffCpu& off : section.off_cpu) {
        row.begin_object();
        row.member("at_ns", off.at);
        row.member("until_ns", off.until);
        row.member("voluntary", off.voluntary);
        row.member("lock", off.lock);
        row.end_object();
    }
    row.end_array();
    if (options_.addresses) {
        row.key("place_address");
        address_or_null(row, section.place.address);
    }
    row.end_object();
}

void Writer::wait(JsonRow& row, const Wait& wait) const {
    row.begin_object();
    row.member("kind", to_text(wait.kind));
    row.member("tid", wait.tid);
    row.member("comm", wait.comm);
    row.key("caller");
    place(row, wait.caller);
    row.member("expedited", wait.expedited);
    row.member("begin_ns", wait.begin);
    row.member("end_ns", wait.end);
    row.member("stack", wait.stack);
    if (options_.addresses) {
        row.key("caller_address");
        address_or_null(row, wait.caller.address);
    }
    row.end_object();
}

void Writer::kvfree_call(JsonRow& row, const KvfreeCall& call) const {
    row.begin_object();
    row.member("at_ns", call.at);
    row.member("cpu", call.cpu);
    row.member("tid", call.tid);
    row.member("comm", call.comm);
    row.key("caller");
    place(row, call.caller);
    row.member("headless", call.headless);
    row.member("stack", call.stack);
    row.key("context");
    context_or_null(row, call.in);
    if (options_.addresses) {
        row.key("caller_address");
        address_or_null(row, call.caller.address);
        row.key("object");
        address_or_null(row, call.object);
    }
    row.end_object();
}

void Writer::function_call(JsonRow& row, const FunctionCall& call) const {
    row.begin_object();
    row.key("function");
    name(row, call.function, false);
    row.key("module");
    text_or_null(row, call.function.module);
    row.member("tid", call.tid);
    row.member("comm", call.comm);
    row.member("cpu", call.cpu);
    row.member("begin_ns", call.begin);
    row.member("end_ns", call.end);
    if (options_.addresses) {
        row.key("function_address");
        address_or_null(row, call.function.address);
    }
    row.end_object();
}

// A stack with offsets, caller first.
Json points(const std::vector<CodeLocation>& places) {
    Json json = Json::array();
    for (const CodeLocation& place : places)
        json.push_back(point(place));
    return json;
}

void batch(JsonRow& row, const Batch& batch) {
    row.begin_object();
    row.member("cpu", batch.cpu);
    row.member("list_cpu", batch.list_cpu);
    row.member("tid", batch.tid);
    row.key("context");
    context_or_null(row, batch.context);
    row.member("begin_ns", batch.begin);
    row.member("end_ns", batch.end);
    row.member("callbacks", batch.callbacks);
    row.end_object();
}

Json hazard(const Hazard& hazard) {
    return {{"kind", hazard.kind},        {"severity", hazard.severity},   {"module", or_null(hazard.module)},
            {"at_ns", hazard.at},         {"callbacks", hazard.callbacks}, {"read_sections", hazard.read_sections},
            {"text", hazard.text},        {"life", or_null(hazard.life)},  {"from_ns", or_null(hazard.from)},
            {"to_ns", or_null(hazard.to)}};
}

Json task(const Task& task) {
    return {{"tid", task.tid}, {"tgid", task.tgid}, {"comm", task.comm}, {"kthread", task.kthread}};
}

void Writer::write() {
    lines_.begin_object();
    lines_.member("schema", "rcuscope.timeline/1");
    lines_.object("host", host_json(timeline_.host));
    write_capture();
    lines_.array("tasks", timeline_.tasks, task);
    lines_.rows(
        "modules", timeline_.modules,
        [this, i = std::size_t{0}](JsonRow& row, const auto& one) mutable {
            module_life(row, one, analysis_.verdict_of(i++));
        });
    lines_.rows(
        "grace_periods", timeline_.grace_periods,
        [&](JsonRow& row, const auto& one) {
            grace_period_row(row, one, analysis_.holder_of(one), analysis_.callbacks_released_by(one));
        });
    lines_.rows(
        "read_sections", timeline_.read_sections, [&](JsonRow& row, const auto& one) { read_section(row, one); });
    lines_.rows("callbacks", timeline_.callbacks, [&](JsonRow& row, const auto& one) { callback(row, one); });
    lines_.rows("batches", timeline_.batches, batch);
    lines_.rows(
        "kvfree_calls", timeline_.kvfree_calls, [&](JsonRow& row, const auto& one) { kvfree_call(row, one); });
    lines_.rows(
        "waits", timeline_.waits, [&](JsonRow& row, const auto& one) { wait(row, one); });
    lines_.rows("function_calls", timeline_.function_calls,
                [&](JsonRow& row, const auto& one) { function_call(row, one); });
    lines_.array("hazards", analysis_.hazards, hazard);
    lines_.array("stacks", timeline_.stacks, points);
    lines_.rows("backlogs", analysis_.backlogs, backlog_row);
    lines_.end_object();
    lines_.finish();
}

} // namespace

void write_json(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options, std::ostream& out) {
    timeline.check_bound();
    Writer(timeline, analysis, options, out).write();
}

} // namespace rcuscope
