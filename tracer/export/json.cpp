// SPDX-License-Identifier: BSD-2-Clause
//
// The timeline as JSON, schema rcuscope.timeline/1 (docs/timeline.schema.json).
// What others build on: a change that is not an addition is a new number.
#include "base/json_lines.hpp"
#include "base/text.hpp"
#include "export/exporter.hpp"
#include "timeline/json_parts.hpp"
#include "timeline/shares.hpp"

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

Json or_null(InvocationContext context) {
    return context == InvocationContext::unknown ? Json(nullptr) : Json(to_text(context));
}

// With its offset, as a caller is written.
Json point(const CodePlace& place) {
    return place.known() ? Json(place_name(place, true)) : Json(nullptr);
}

Json address(std::uint64_t address) {
    return address == 0 ? Json(nullptr) : Json(hex(address));
}

// Signed, as the kernel's own trace events print them.
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
    Writer(const Timeline& timeline, const ExportOptions& options, std::ostream& out)
        : timeline_(timeline), options_(options), lines_(out) {}

    void write();

private:
    void write_capture();
    Json module_life(const ModuleLife& life) const;
    Json shares(const Callback& callback) const;
    Json callback(const Callback& callback) const;
    Json read_section(const ReadSection& section) const;
    Json wait(const Wait& wait) const;
    Json kvfree_call(const KvfreeCall& call) const;
    Json function_call(const FunctionCall& call) const;

    const Timeline& timeline_;
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
    lines_.array("probes", capture.probes, [](const CaptureSummary::Probe& probe) -> Json {
        return {{"hook", probe.hook}, {"via", probe.via}, {"hits", or_null(probe.hits)}, {"missed", probe.missed}};
    });
    lines_.array("missing", capture.missing, [](const MissingInfo& missing) -> Json {
        return {{"hook", missing.hook}, {"why", missing.why}};
    });
    lines_.array("lost", capture.lost, loss_json);
    lines_.member("lost_callbacks", callback_losses(capture.lost_callbacks));
    lines_.member("sequences_at_start", sequences(capture.sequences_at_start));
    lines_.member("sequences_at_end", sequences(capture.sequences_at_end));
    lines_.member("own_share", own_share_json(capture.own_share));
    lines_.member("recorder_cpu_ns", capture.stats ? Json(capture.stats->recorder_cpu_ns) : Json(nullptr));
    lines_.member("programs", programs(capture.stats));
    lines_.end_object();
}

Json Writer::module_life(const ModuleLife& life) const {
    Json refusals = Json::array();
    for (const ModuleLife::Refusal& refusal : life.refusals)
        refusals.push_back({{"at_ns", refusal.at}, {"error", refusal.error}});
    Json references = Json::array();
    for (const ModuleLife::Reference& reference : life.references) {
        Json json = {{"at_ns", reference.at},
                     {"taken", reference.taken},
                     {"count", reference.count},
                     {"cpu", reference.cpu},
                     {"tid", reference.tid},
                     {"comm", reference.comm},
                     {"caller", point(reference.caller)}};
        if (options_.addresses)
            json["caller_address"] = address(reference.caller.address);
        references.push_back(std::move(json));
    }
    return {{"name", life.name},
            {"followed", life.followed},
            {"loaded_ns", or_null(life.loaded)},
            {"init_done_ns", or_null(life.init_done)},
            {"init_error", or_null(life.init_error)},
            {"exit_ns", or_null(life.exit)},
            {"exit_done_ns", or_null(life.exit_done)},
            {"free_begin_ns", or_null(life.free_begin)},
            {"freed_ns", or_null(life.freed)},
            {"pending_at_exit", or_null(life.pending_at_exit)},
            {"pending_at_free", or_null(life.pending_at_free)},
            {"pending_at_freed", or_null(life.pending_at_freed)},
            {"refusals", std::move(refusals)},
            {"references", std::move(references)},
            {"verdict", or_null(life.verdict)}};
}

Json Writer::shares(const Callback& callback) const {
    const auto shares = shares_of(callback, timeline_.grace_periods);
    if (!shares)
        return nullptr;
    return {{"waiting_for_start_ns", shares->waiting_for_start},
            {"waiting_for_end_ns", shares->waiting_for_end},
            {"waiting_for_invocation_ns", shares->waiting_for_invocation},
            {"running_ns", shares->running}};
}

Json Writer::callback(const Callback& callback) const {
    Json json = {{"id", callback.id},
                 {"function", place_name(callback.function, false)},
                 {"module", or_null(callback.function.module)},
                 {"caller", point(callback.caller)},
                 {"queued_ns", callback.queued},
                 {"queued_cpu", callback.queued_cpu},
                 {"queued_tid", callback.queued_tid},
                 {"queued_comm", callback.queued_comm},
                 {"invoked_ns", or_null(callback.invoked)},
                 {"done_ns", or_null(callback.done)},
                 {"invoked_cpu", or_null(callback.invoked_cpu)},
                 {"context", or_null(callback.context)},
                 {"grace_period", or_null(callback.grace_period)},
                 {"state", to_text(callback.state)},
                 {"lazy", callback.lazy},
                 {"shares", shares(callback)},
                 {"stack", or_null(callback.stack)}};
    if (options_.addresses) {
        json["function_address"] = address(callback.function.address);
        json["caller_address"] = address(callback.caller.address);
        json["head"] = address(callback.head);
    }
    return json;
}

Json Writer::read_section(const ReadSection& section) const {
    Json off_cpu = Json::array();
    for (const ReadSection::OffCpu& off : section.off_cpu)
        off_cpu.push_back({{"at_ns", off.at}, {"until_ns", or_null(off.until)}, {"voluntary", off.voluntary}});
    Json json = {{"tid", section.tid},
                 {"comm", section.comm},
                 {"cpu", section.cpu},
                 {"begin_ns", section.begin},
                 {"end_ns", or_null(section.end)},
                 {"function", place_name(section.place, false)},
                 {"module", or_null(section.place.module)},
                 {"place", point(section.place)},
                 {"nesting", section.nesting},
                 {"by", to_text(section.by)},
                 {"off_cpu", std::move(off_cpu)}};
    if (options_.addresses)
        json["place_address"] = address(section.place.address);
    return json;
}

Json Writer::wait(const Wait& wait) const {
    Json json = {{"kind", to_text(wait.kind)},  {"tid", wait.tid},
                 {"comm", wait.comm},           {"caller", point(wait.caller)},
                 {"expedited", wait.expedited}, {"begin_ns", wait.begin},
                 {"end_ns", or_null(wait.end)}, {"stack", or_null(wait.stack)}};
    if (options_.addresses)
        json["caller_address"] = address(wait.caller.address);
    return json;
}

Json Writer::kvfree_call(const KvfreeCall& call) const {
    Json json = {{"at_ns", call.at},
                 {"cpu", call.cpu},
                 {"tid", call.tid},
                 {"comm", call.comm},
                 {"caller", point(call.caller)},
                 {"headless", call.headless},
                 {"stack", or_null(call.stack)}};
    if (options_.addresses) {
        json["caller_address"] = address(call.caller.address);
        json["object"] = address(call.object);
    }
    return json;
}

Json Writer::function_call(const FunctionCall& call) const {
    Json json = {{"function", place_name(call.function, false)},
                 {"module", or_null(call.function.module)},
                 {"tid", call.tid},
                 {"comm", call.comm},
                 {"cpu", call.cpu},
                 {"begin_ns", call.begin},
                 {"end_ns", or_null(call.end)}};
    if (options_.addresses)
        json["function_address"] = address(call.function.address);
    return json;
}

// Without offsets: what the tasks were in, for people.
Json stack(const std::vector<CodePlace>& places) {
    Json json = Json::array();
    for (const CodePlace& place : places)
        json.push_back(place_name(place, false));
    return json;
}

// With offsets, as a caller is written.
Json points(const std::vector<CodePlace>& places) {
    Json json = Json::array();
    for (const CodePlace& place : places)
        json.push_back(point(place));
    return json;
}

Json quiescent_state(const QuiescentState& state) {
    return {{"at_ns", state.at},
            {"kind", to_text(state.kind)},
            {"cpus", state.cpus},
            {"last", state.last},
            {"blocked_readers", state.blocked_readers}};
}

Json holder(const Holder& holder) {
    return {{"kind", to_text(holder.kind)},
            {"cpu", or_null(holder.cpu)},
            {"tid", or_null(holder.tid)},
            {"comm", or_null(holder.comm)},
            {"function", holder.place.known() ? Json(place_name(holder.place, false)) : Json(nullptr)},
            {"held_ns", holder.held},
            {"stack", stack(holder.stack)},
            {"text", holder.text}};
}

Json grace_period(const GracePeriod& gp) {
    Json json = {{"id", gp.id},
                 {"flavor", gp.flavor},
                 {"expedited", gp.expedited},
                 {"gp_seq", gp.gp_seq},
                 {"requested_ns", or_null(gp.requested)},
                 {"began_before", gp.began_before},
                 {"start_ns", or_null(gp.start)},
                 {"start_uncertainty_ns", gp.start_uncertainty},
                 {"end_ns", or_null(gp.end)},
                 {"cleaned_ns", or_null(gp.cleaned)},
                 {"scans", gp.scans},
                 {"first_scan_ns", or_null(gp.first_scan)}};
    json["quiescent_states"] = Json::array();
    for (const QuiescentState& state : gp.quiescent_states)
        json["quiescent_states"].push_back(quiescent_state(state));
    json["preempted_readers"] = Json::array();
    for (const PreemptedReader& reader : gp.preempted_readers)
        json["preempted_readers"].push_back({{"at_ns", reader.at}, {"tid", reader.tid}, {"comm", reader.comm}});
    json["busy_cpus"] = Json::array();
    for (const BusyCpu& busy : gp.busy_cpus)
        json["busy_cpus"].push_back({{"at_ns", busy.at},
                                     {"cpu", busy.cpu},
                                     {"tid", busy.tid},
                                     {"comm", busy.comm},
                                     {"stack", stack(busy.stack)},
                                     {"no_tick_ns", busy.no_tick}});
    json["held_by"] = gp.held_by ? holder(*gp.held_by) : Json(nullptr);
    return json;
}

Json batch(const Batch& batch) {
    return {{"cpu", batch.cpu},
            {"list_cpu", batch.list_cpu},
            {"tid", batch.tid},
            {"context", or_null(batch.context)},
            {"begin_ns", batch.begin},
            {"end_ns", or_null(batch.end)},
            {"callbacks", batch.callbacks}};
}

Json hazard(const Hazard& hazard) {
    return {{"kind", hazard.kind}, {"severity", hazard.severity},   {"module", or_null(hazard.module)},
            {"at_ns", hazard.at},  {"callbacks", hazard.callbacks}, {"read_sections", hazard.read_sections},
            {"text", hazard.text}};
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
    lines_.array("modules", timeline_.modules, [&](const auto& one) { return module_life(one); });
    lines_.array("grace_periods", timeline_.grace_periods, grace_period);
    lines_.array("read_sections", timeline_.read_sections, [&](const auto& one) { return read_section(one); });
    lines_.array("callbacks", timeline_.callbacks, [&](const auto& one) { return callback(one); });
    lines_.array("batches", timeline_.batches, batch);
    lines_.array("kvfree_calls", timeline_.kvfree_calls, [&](const auto& one) { return kvfree_call(one); });
    lines_.array("waits", timeline_.waits, [&](const auto& one) { return wait(one); });
    lines_.array("function_calls", timeline_.function_calls, [&](const auto& one) { return function_call(one); });
    lines_.array("hazards", timeline_.hazards, hazard);
    lines_.array("stacks", timeline_.stacks, points);
    lines_.end_object();
    lines_.finish();
}

} // namespace

void write_json(const Timeline& timeline, const ExportOptions& options, std::ostream& out) {
    Writer(timeline, options, out).write();
}

} // namespace rcuscope
