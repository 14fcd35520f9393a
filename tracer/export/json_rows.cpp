// SPDX-License-Identifier: BSD-2-Clause
#include "export/json_rows.hpp"

#include <cstddef>

namespace rcuscope {

namespace {

template <std::size_t size, typename Rows, typename ToRow>
void array(JsonRow& row, const char (&key)[size], const Rows& rows, ToRow to_row) {
    row.key(key);
    row.begin_array();
    for (const auto& each : rows)
        to_row(row, each);
    row.end_array();
}

template <std::size_t size, typename Numbers>
void numbers(JsonRow& row, const char (&key)[size], const Numbers& values) {
    array(
        row, key, values, [](JsonRow& to, auto value) { to.value(value); });
}

// The stack of a task, without offsets, for human readers.
void stack(JsonRow& row, const std::vector<CodeLocation>& places) {
    array(
        row, "stack", places, [](JsonRow& to, const CodeLocation& place) { to.value(location_name(place, false)); });
}

void quiescent_state(JsonRow& row, const QuiescentState& state) {
    row.begin_object();
    row.member("at_ns", state.at);
    row.member("kind", to_text(state.kind));
    numbers(row, "cpus", state.cpus);
    row.member("last", state.last);
    row.member("blocked_readers", state.blocked_readers);
    row.end_object();
}

void preempted_reader(JsonRow& row, const PreemptedReader& reader) {
    row.begin_object();
    row.member("at_ns", reader.at);
    row.member("tid", reader.tid);
    row.member("comm", reader.comm);
    row.member("on_lock", reader.on_lock);
    row.member("boosted", reader.boosted);
    row.end_object();
}

void busy_cpu(JsonRow& row, const BusyCpu& busy) {
    row.begin_object();
    row.member("at_ns", busy.at);
    row.member("cpu", busy.cpu);
    row.member("tid", busy.tid);
    row.member("comm", busy.comm);
    stack(row, busy.stack);
    row.member("no_tick_ns", busy.no_tick);
    row.end_object();
}

void holder(JsonRow& row, const Holder& holder) {
    row.begin_object();
    row.member("kind", to_text(holder.kind));
    row.member("cpu", holder.cpu);
    row.member("tid", holder.tid);
    row.key("comm");
    text_or_null(row, holder.comm);
    row.key("function");
    if (holder.place.known())
        row.value(location_name(holder.place, false));
    else
        row.value(nullptr);
    row.member("held_ns", holder.held);
    stack(row, holder.stack);
    row.member("text", holder.text);
    row.member("read_section", holder.read_section);
    row.member("quiescent_state", holder.quiescent_state);
    row.end_object();
}

} // namespace

void grace_period_row(JsonRow& row, const GracePeriod& gp, const Holder* held_by, std::uint64_t released) {
    row.begin_object();
    row.member("id", gp.id);
    row.member("flavor", gp.flavor);
    row.member("expedited", gp.expedited);
    row.member("gp_seq", gp.gp_seq);
    row.member("requested_ns", gp.requested);
    row.member("began_before", gp.began_before);
    row.member("start_ns", gp.start);
    row.member("start_uncertainty_ns", gp.start_uncertainty);
    row.member("end_ns", gp.end);
    row.member("cleaned_ns", gp.cleaned);
    row.member("scans", gp.scans);
    row.member("first_scan_ns", gp.first_scan);
    array(row, "quiescent_states", gp.quiescent_states, quiescent_state);
    array(row, "preempted_readers", gp.preempted_readers, preempted_reader);
    array(row, "busy_cpus", gp.busy_cpus, busy_cpu);
    row.key("held_by");
    if (held_by != nullptr)
        holder(row, *held_by);
    else
        row.value(nullptr);
    row.member("released_callbacks", released);
    row.end_object();
}

void backlog_row(JsonRow& row, const BacklogSeries& series) {
    row.begin_object();
    row.member("of", series.of_module ? "module" : "all");
    row.key("module");
    text_or_null(row, series.module);
    row.member("max", series.deepest);
    row.member("max_ns", series.deepest_at);
    numbers(row, "begin_ns", series.begin);
    numbers(row, "pending", series.pending);
    numbers(row, "unknown", series.unknown);
    row.end_object();
}

} // namespace rcuscope
