// SPDX-License-Identifier: BSD-2-Clause
//
// Writes Perfetto's native trace format: a Trace is a sequence of TracePackets, written one at a time. Times are
// absolute CLOCK_BOOTTIME, so the timeline can be merged with other traces of the same machine.
#include <ostream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/seeded_hash.hpp"
#include "base/text.hpp"
#include "export/exporter.hpp"
#include "export/message_buffer.hpp"
#include "export/perfetto_fields.hpp"
#include "export/tracks.hpp"

namespace rcuscope {
namespace {

using namespace perfetto;

// Uuids of tracks and ids of arrows are global within a trace, even one merged from several traces. To avoid
// collisions their upper half is "rcus".
constexpr std::uint64_t id_space = 0x72637573'00000000;
constexpr std::uint32_t sequence_id = 0x72637573;

// Interning: a frequent text is written once and then referred to by number (iid).
class Interned {
public:
    explicit Interned(Field field) : field_(field) {}

    // The number of a text. A new text is added to the packet's InternedData.
    std::uint64_t id(const std::string& text, MessageBuffer& interned_data) { return find(text, interned_data); }
    // The same for a string literal, which is looked up by its address.
    std::uint64_t id(const char* literal, MessageBuffer& interned_data) {
        std::uint64_t& known = literals_[literal];
        if (known == 0)
            known = find(literal, interned_data);
        return known;
    }

private:
    std::uint64_t find(const std::string& text, MessageBuffer& interned_data) {
        const auto [found, added] = ids_.try_emplace(text, ids_.size() + 1);
        if (added) {
            MessageWriter data(interned_data);
            MessageWriter entry(data, field_);
            entry.add_uint64(interned::iid, found->second);
            entry.add_string(interned::name, valid_utf8(text));
        }
        return found->second;
    }

    Field field_;
    std::unordered_map<std::string, std::uint64_t, SeededHash> ids_;
    std::unordered_map<const char*, std::uint64_t> literals_;
};

class PerfettoWriter {
public:
    PerfettoWriter(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options, std::ostream& out)
        : timeline_(timeline), options_(options), out_(out), layout_(tracks::lay_out(timeline, analysis)) {}

    void write() {
        write_clocks();
        write_track(0, nullptr, {});
        for (std::size_t i = 0; i < layout_.tracks.size(); ++i)
            write_track(uuid(i), &layout_.tracks[i], static_cast<std::int32_t>(i));
        tracks::for_each_event(layout_, [&](const tracks::TrackEvent& event) { write_event(event); });
    }

private:
    static std::uint64_t uuid(std::size_t track) { return id_space + track + 1; }
    std::uint64_t absolute(Nanoseconds at) const {
        return timeline_.capture.start_boottime_ns + static_cast<std::uint64_t>(at);
    }

    void write_packet(const MessageBuffer& packet) {
        header_.clear();
        MessageWriter(header_).add_bytes(trace::packet, packet.view().data(), packet.size());
        out_.write(header_.data(), static_cast<std::streamsize>(header_.size()));
    }

    void write_clocks();
    void write_track(std::uint64_t uuid, const tracks::Track* track, std::int32_t rank);
    void write_event(const tracks::TrackEvent& step);
    std::uint64_t callback_name(const tracks::Item& item);
    void add_name(MessageWriter& event, const tracks::Item& item);
    void add_annotations(const tracks::Item& item);
    void add_text(SmallMessage& annotation, std::string_view text);
    void add_flows(MessageWriter& event, const tracks::Item& item) const;

    const Timeline& timeline_;
    const ExportOptions& options_;
    std::ostream& out_;
    tracks::Layout layout_;
    Interned categories_{interned_data::event_categories};
    Interned names_{interned_data::event_names};
    std::vector<std::uint64_t> callback_names_; // numbers in names_, by function and kind; 0: not assigned
    Interned annotation_names_{interned_data::debug_annotation_names};
    // Members so that their memory is reused for each packet.
    MessageBuffer header_, packet_, body_, interned_;
    std::vector<tracks::Annotation> notes_;
    std::string valid_;
};

void PerfettoWriter::write_clocks() {
    packet_.clear();
    MessageWriter packet(packet_);
    packet.add_uint32(trace_packet::trusted_packet_sequence_id, sequence_id);
    packet.add_uint32(trace_packet::sequence_flags, sequence_flags::incremental_state_cleared);
    packet.add_uint64(trace_packet::timestamp, absolute(0));
    packet.add_uint32(trace_packet::timestamp_clock_id, builtin_clock::boottime);
    {
        MessageWriter snapshot(packet, trace_packet::clock_snapshot);
        const ClockSnapshot& clocks = timeline_.capture.clocks;
        for (const auto& [id, ns] : {std::pair(builtin_clock::boottime, clocks.boottime_ns),
                                     std::pair(builtin_clock::monotonic, clocks.monotonic_ns),
                                     std::pair(builtin_clock::realtime, clocks.realtime_ns)}) {
            MessageWriter reading(snapshot, clock_snapshot::clocks);
            reading.add_uint32(clock::clock_id, id);
            reading.add_uint64(clock::timestamp, ns);
        }
        snapshot.add_uint32(clock_snapshot::primary_trace_clock, builtin_clock::boottime);
    }
    write_packet(packet_);
}

// A null track describes the root (uuid 0), which shows the groups in their given order.
void PerfettoWriter::write_track(std::uint64_t uuid, const tracks::Track* track, std::int32_t rank) {
    packet_.clear();
    MessageWriter packet(packet_);
    packet.add_uint32(trace_packet::trusted_packet_sequence_id, sequence_id);
    {
        MessageWriter descriptor(packet, trace_packet::track_descriptor);
        descriptor.add_uint64(track_descriptor::uuid, uuid);
        if (track == nullptr || track->kind == tracks::Track::Kind::group)
            descriptor.add_enum(track_descriptor::child_ordering, track_descriptor::child_ordering_explicit);
        if (track != nullptr) {
            descriptor.add_string(track_descriptor::name, valid_utf8(track->name));
            descriptor.add_int32(track_descriptor::sibling_order_rank, rank);
            if (track->group)
                descriptor.add_uint64(track_descriptor::parent_uuid, this->uuid(*track->group));
            if (track->kind == tracks::Track::Kind::counter) {
                MessageWriter counter(descriptor, track_descriptor::counter);
                counter.add_enum(counter_descriptor::unit, counter_descriptor::unit_count);
            }
        }
    }
    write_packet(packet_);
}

// A cache by function: millions of callbacks share few functions.
std::uint64_t PerfettoWriter::callback_name(const tracks::Item& item) {
    const std::size_t function = timeline_.callbacks[item.index].function.id();
    const std::size_t place = 2 * function + (item.kind == tracks::ItemKind::callback ? 0 : 1);
    if (place >= callback_names_.size())
        callback_names_.resize(place + 1);
    if (callback_names_[place] == 0)
        callback_names_[place] = names_.id(tracks::item_name(layout_, item), interned_);
    return callback_names_[place];
}

void PerfettoWriter::add_name(MessageWriter& event, const tracks::Item& item) {
    if (item.kind == tracks::ItemKind::callback || item.kind == tracks::ItemKind::call_rcu) {
        event.add_uint64(track_event::name_iid, callback_name(item));
        return;
    }
    const std::string name = tracks::item_name(layout_, item);
    // Every grace period has a different name, so interning would gain nothing.
    if (item.kind == tracks::ItemKind::grace_period)
        event.add_string(track_event::name, valid_utf8(name));
    else
        event.add_uint64(track_event::name_iid, names_.id(name, interned_));
}

void PerfettoWriter::add_text(SmallMessage& annotation, std::string_view text) {
    if (!is_ascii(text)) // rare
        text = valid_ = valid_utf8(text);
    annotation.add_text(debug_annotation::string_value, text);
}

void PerfettoWriter::add_annotations(const tracks::Item& item) {
    tracks::item_annotations(layout_, item, options_, notes_);
    for (const tracks::Annotation& annotation : notes_) {
        SmallMessage message;
        message.add_number(debug_annotation::name_iid, annotation_names_.id(annotation.name, interned_));
        if (const auto* flag = std::get_if<bool>(&annotation.value))
            message.add_number(debug_annotation::bool_value, *flag ? 1 : 0);
        else if (const auto* number = std::get_if<std::int64_t>(&annotation.value))
            message.add_number(debug_annotation::int_value, static_cast<std::uint64_t>(*number));
        else if (const auto* shared = std::get_if<std::string_view>(&annotation.value))
            add_text(message, *shared);
        else if (const auto* text = std::get_if<std::string>(&annotation.value))
            add_text(message, *text);
        message.end(body_, track_event::debug_annotations);
    }
}

void PerfettoWriter::add_flows(MessageWriter& event, const tracks::Item& item) const {
    const tracks::Flows flows = tracks::item_flows(layout_, item);
    const Field field = flows.role == tracks::FlowRole::end ? track_event::terminating_flow_ids : track_event::flow_ids;
    for (const std::uint32_t callback : flows.callbacks)
        event.add_fixed64(field, id_space + callback);
}

void PerfettoWriter::write_event(const tracks::TrackEvent& step) {
    body_.clear();
    interned_.clear();
    MessageWriter event(body_);
    event.add_uint64(track_event::track_uuid, uuid(step.track));
    switch (step.step) {
    case tracks::Step::counter:
        event.add_enum(track_event::type, track_event::type_counter);
        event.add_int64(track_event::counter_value, step.value);
        break;
    case tracks::Step::end:
        event.add_enum(track_event::type, track_event::type_slice_end);
        break;
    case tracks::Step::begin:
    case tracks::Step::instant:
        event.add_enum(track_event::type,
                       step.step == tracks::Step::begin ? track_event::type_slice_begin : track_event::type_instant);
        event.add_uint64(track_event::category_iids, categories_.id("rcu", interned_));
        add_name(event, *step.item);
        add_annotations(*step.item);
        add_flows(event, *step.item);
        break;
    }

    packet_.clear();
    MessageWriter packet(packet_);
    packet.add_uint64(trace_packet::timestamp, absolute(step.at));
    packet.add_uint32(trace_packet::timestamp_clock_id, builtin_clock::boottime);
    packet.add_uint32(trace_packet::trusted_packet_sequence_id, sequence_id);
    packet.add_uint32(trace_packet::sequence_flags, sequence_flags::needs_incremental_state);
    if (!interned_.empty())
        packet.add_message(trace_packet::interned_data, interned_.view().data(), interned_.size());
    packet.add_message(trace_packet::track_event, body_.view().data(), body_.size());
    write_packet(packet_);
}

} // namespace

void write_perfetto(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options,
                    std::ostream& out) {
    PerfettoWriter(timeline, analysis, options, out).write();
}

} // namespace rcuscope
