// SPDX-License-Identifier: BSD-2-Clause
//
// The names, annotations and arrows of the items on tracks (tracks.hpp).
#include <algorithm>
#include <concepts>
#include <utility>

#include "base/text.hpp"
#include "export/tracks.hpp"

namespace rcuscope::tracks {
namespace {

const char* phase_name(ModulePhase phase) {
    switch (phase) {
    case ModulePhase::init:
        return "init";
    case ModulePhase::init_failed:
        return "init failed";
    case ModulePhase::live:
        return "live";
    case ModulePhase::exit:
        return "exit";
    case ModulePhase::exited:
        return "exited";
    case ModulePhase::free:
        return "free";
    }
    return "unknown";
}

// Collects annotations. Unknown values are left out.
class Notes {
public:
    Notes(const ExportOptions& options, std::vector<Annotation>& notes) : options_(options), notes_(notes) {
        notes_.clear();
    }

    void flag(const char* name, bool value) {
        if (value)
            add(name, true);
    }
    template <std::integral Number>
    void number(const char* name, Number value) {
        add(name, static_cast<std::int64_t>(value));
    }
    template <typename Number>
    void number(const char* name, const std::optional<Number>& value) {
        if (value)
            number(name, *value);
    }
    template <typename Value, typename Stored>
    void number(const char* name, const CompactOptional<Value, Stored>& value) {
        number(name, std::optional<Value>(value));
    }
    void between(const char* name, MaybeTime from, MaybeTime to) {
        if (from && to)
            number(name, *to - *from);
    }
    void text(const char* name, std::string value) {
        if (!value.empty())
            add(name, std::move(value));
    }
    void text(const char* name, PooledString value) {
        if (!value.empty())
            add(name, std::string_view(value));
    }
    void literal(const char* name, const char* value) { add(name, std::string_view(value)); }
    void place(const char* name, PooledLocation place) {
        if (place->known())
            text(name, pooled_name(place, true));
    }
    void address(const char* name, std::uint64_t address) {
        if (options_.addresses && address != 0)
            text(name, hex(address));
    }
    // One line for each location, the caller first.
    void stack(const Timeline& timeline, std::optional<std::uint32_t> stack) {
        if (!stack)
            return;
        std::string lines;
        for (const CodeLocation& place : timeline.stacks.at(*stack))
            (lines += lines.empty() ? "" : "\n") += location_name(place, true);
        text("stack", std::move(lines));
    }
    // At most 20 ids, since viewers show an annotation on one line.
    template <typename Id>
    void ids(const char* name, const std::vector<Id>& ids) {
        constexpr std::size_t shown = 20;
        std::string list;
        for (std::size_t i = 0; i < std::min(shown, ids.size()); ++i)
            (list += i == 0 ? "" : " ") += std::to_string(ids[i]);
        if (ids.size() > shown)
            ((list += " and ") += std::to_string(ids.size() - shown)) += " more";
        text(name, std::move(list));
    }

private:
    template <typename Value>
    void add(const char* name, Value value) {
        Annotation& note = notes_.emplace_back();
        note.name = name;
        note.value = std::move(value);
    }

    const ExportOptions& options_;
    std::vector<Annotation>& notes_;
};

void note_grace_period(Notes& notes, const GracePeriod& gp, const Holder* holder) {
    notes.number("grace_period", gp.id);
    notes.text("flavor", gp.flavor);
    notes.number("gp_seq", gp.gp_seq);
    notes.between("duration_ns", gp.start, gp.end);
    notes.between("cleanup_ns", gp.end, gp.cleaned);
    if (gp.start && gp.start_uncertainty > 0)
        notes.number("start_uncertainty_ns", gp.start_uncertainty);
    notes.number("requested_ns", gp.requested);
    notes.number("scans", gp.scans);
    if (holder != nullptr)
        notes.text("held_by", holder->text);
}

void note_callback(Notes& notes, const Timeline& timeline, const Callback& callback) {
    notes.number("callback", callback.id);
    notes.text("function", pooled_name(callback.function, false));
    notes.place("caller", callback.caller);
    notes.literal("state", to_text(callback.state));
    notes.flag("lazy", callback.lazy);
    notes.number("queued_ns", callback.queued);
    notes.number("queued_cpu", callback.queued_cpu);
    notes.number("queued_tid", callback.queued_tid);
    notes.text("queued_comm", callback.queued_comm);
    if (callback.queued_in != QueueContext::unknown)
        notes.text("queued_context", std::string(to_text(callback.queued_in)));
    notes.number("invoked_ns", callback.invoked);
    notes.between("latency_ns", callback.queued, callback.invoked);
    notes.between("duration_ns", callback.invoked, callback.done);
    notes.number("grace_period", callback.grace_period);
    if (callback.context != InvocationContext::unknown)
        notes.literal("context", to_text(callback.context));
    notes.address("function_address", callback.function->address);
    notes.address("caller_address", callback.caller->address);
    notes.address("head", callback.head);
    notes.stack(timeline, callback.stack);
}

void note_batch(Notes& notes, const Batch& batch) {
    notes.number("list_cpu", batch.list_cpu);
    notes.number("tid", batch.tid);
    notes.literal("context", to_text(batch.context));
    notes.number("callbacks", batch.callbacks);
    notes.between("duration_ns", batch.begin, batch.end);
}

void note_module(Notes& notes, const ModuleLife& life, const LifeVerdict& verdict) {
    notes.text("module", life.name);
    notes.flag("followed", life.followed);
    notes.number("init_error", life.init_error);
    notes.number("pending_at_exit", life.pending_at_exit);
    notes.number("pending_at_free", life.pending_at_free);
    notes.number("pending_at_freed", life.pending_at_freed);
    if (!life.refusals.empty())
        notes.number("refusals", life.refusals.size());
    notes.text("verdict", verdict.text);
}

void note_hazard(Notes& notes, const Hazard& hazard) {
    notes.text("severity", hazard.severity);
    notes.text("module", hazard.module);
    notes.text("text", hazard.text);
    notes.ids("callbacks", hazard.callbacks);
    notes.ids("read_sections", hazard.read_sections);
}

} // namespace

std::string item_name(const Layout& layout, const Item& item) {
    const Timeline& timeline = *layout.timeline;
    switch (item.kind) {
    case ItemKind::grace_period:
        return "GP " + std::to_string(timeline.grace_periods[item.index].gp_seq);
    case ItemKind::cleanup:
        return "cleanup";
    case ItemKind::release: {
        const std::size_t count = layout.released.count(item.index);
        return "released " + std::to_string(count) + (count == 1 ? " callback" : " callbacks");
    }
    case ItemKind::batch: {
        const InvocationContext context = timeline.batches[item.index].context;
        std::string name = "batch";
        if (context != InvocationContext::unknown)
            ((name += " (") += to_text(context)) += ')';
        return name;
    }
    case ItemKind::callback:
        return location_name(timeline.callbacks[item.index].function, false);
    case ItemKind::call_rcu: {
        std::string name = "call_rcu ";
        name += location_name(timeline.callbacks[item.index].function, false);
        return name;
    }
    case ItemKind::kvfree_rcu:
        return "kvfree_rcu";
    case ItemKind::read_section:
        return location_name(timeline.read_sections[item.index].place, false);
    case ItemKind::off_cpu: {
        const ReadSection::OffCpu& off = timeline.read_sections[item.index].off_cpu[item.part];
        return off.voluntary ? "blocked" : off.lock ? "waited for a sleeping lock" : "preempted";
    }
    case ItemKind::wait:
        return to_text(timeline.waits[item.index].kind);
    case ItemKind::function_call:
        return location_name(timeline.function_calls[item.index].function, false);
    case ItemKind::module_phase:
        return phase_name(item.phase);
    case ItemKind::hazard:
        return layout.analysis->hazards[item.index].kind;
    case ItemKind::loss: {
        const Loss& loss = timeline.capture.lost[item.index];
        return "CPU " + std::to_string(loss.cpu) + ": " + std::to_string(loss.count) + " records lost";
    }
    }
    return {};
}

void item_annotations(const Layout& layout, const Item& item, const ExportOptions& options,
                      std::vector<Annotation>& out) {
    const Timeline& timeline = *layout.timeline;
    const Analysis& analysis = *layout.analysis;
    Notes notes(options, out);
    switch (item.kind) {
    case ItemKind::grace_period:
    case ItemKind::cleanup:
    case ItemKind::release: {
        const GracePeriod& gp = timeline.grace_periods[item.index];
        note_grace_period(notes, gp, analysis.holder_of(gp));
        break;
    }
    case ItemKind::batch:
        note_batch(notes, timeline.batches[item.index]);
        break;
    case ItemKind::callback:
    case ItemKind::call_rcu:
        note_callback(notes, timeline, timeline.callbacks[item.index]);
        break;
    case ItemKind::kvfree_rcu: {
        const KvfreeCall& call = timeline.kvfree_calls[item.index];
        notes.place("caller", call.caller);
        notes.flag("headless", call.headless);
        notes.address("caller_address", call.caller.address);
        notes.address("object", call.object);
        notes.stack(timeline, call.stack);
        break;
    }
    case ItemKind::read_section: {
        const ReadSection& section = timeline.read_sections[item.index];
        notes.place("place", section.place);
        notes.number("cpu", section.cpu);
        notes.number("nesting", section.nesting);
        notes.flag("by_function", section.by == SectionBy::function);
        if (section.left != SectionLeft::no)
            notes.literal("left", to_text(section.left));
        notes.address("function_address", section.place.address);
        break;
    }
    case ItemKind::off_cpu:
        notes.place("place", timeline.read_sections[item.index].place);
        break;
    case ItemKind::wait: {
        const Wait& wait = timeline.waits[item.index];
        notes.place("caller", wait.caller);
        notes.address("caller_address", wait.caller.address);
        notes.stack(timeline, wait.stack);
        break;
    }
    case ItemKind::function_call: {
        const FunctionCall& call = timeline.function_calls[item.index];
        notes.number("cpu", call.cpu);
        notes.address("function_address", call.function.address);
        break;
    }
    case ItemKind::module_phase:
        note_module(notes, timeline.modules[item.index], analysis.verdict_of(item.index));
        break;
    case ItemKind::hazard:
        note_hazard(notes, analysis.hazards[item.index]);
        break;
    case ItemKind::loss:
        notes.number("cpu", timeline.capture.lost[item.index].cpu);
        notes.number("count", timeline.capture.lost[item.index].count);
        break;
    }
    notes.flag("unfinished", item.unfinished);
    notes.flag("began_before_recording", item.began_before);
}

Flows item_flows(const Layout& layout, const Item& item) {
    if (item.kind == ItemKind::release)
        return {FlowRole::pass, layout.released.of(item.index)};
    if (item.kind != ItemKind::call_rcu && item.kind != ItemKind::callback)
        return {};
    const Callback& callback = layout.timeline->callbacks[item.index];
    if (!has_flow(callback))
        return {};
    return {item.kind == ItemKind::call_rcu ? FlowRole::begin : FlowRole::end, {&callback.id, 1}};
}

} // namespace rcuscope::tracks
