// SPDX-License-Identifier: BSD-2-Clause
//
// Parses the parts of a Perfetto trace that the tests check. It has its own copy of the field numbers, so that a
// wrong number in the exporter's table is found.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace rcuscope::test {

struct PerfettoTrack {
    std::string name;
    std::uint64_t parent = 0;
    bool counter = false;
    bool explicit_order = false;
    std::int32_t rank = -1;
};

struct PerfettoEvent {
    std::uint64_t at = 0;
    std::int32_t type = 0; // 1 begin, 2 end, 3 instant, 4 counter
    std::uint64_t track = 0;
    std::string name;
    std::string category;
    std::int64_t value = 0;
    std::vector<std::uint64_t> flows;
    std::vector<std::uint64_t> flow_ends;
    std::map<std::string, std::string> annotations; // values as text
};

struct PerfettoTrace {
    std::map<std::uint64_t, PerfettoTrack> tracks; // by uuid
    std::vector<PerfettoEvent> events;
    std::map<std::uint32_t, std::uint64_t> clocks; // reading by clock id
    std::vector<std::uint32_t> sequences;          // of each packet
    std::vector<std::uint32_t> flags;              // of each packet

    explicit PerfettoTrace(const std::string& bytes) {
        protozero::pbf_reader trace(bytes);
        while (trace.next())
            if (trace.tag() == 1)
                read_packet(trace.get_message());
    }

    // The first track with that name; 0 if there is none.
    std::uint64_t track(const std::string& name) const {
        for (const auto& [uuid, track] : tracks)
            if (track.name == name)
                return uuid;
        return 0;
    }

    std::vector<PerfettoEvent> on(const std::string& name) const {
        std::vector<PerfettoEvent> found;
        for (const PerfettoEvent& event : events)
            if (event.track == track(name))
                found.push_back(event);
        return found;
    }

private:
    using Names = std::map<std::uint64_t, std::string>;

    void read_packet(protozero::pbf_reader packet) {
        std::uint64_t at = 0;
        std::uint32_t clock = 0;
        sequences.push_back(0);
        flags.push_back(0);
        std::optional<protozero::pbf_reader> event;
        while (packet.next()) {
            switch (packet.tag()) {
            case 6:
                read_clocks(packet.get_message());
                break;
            case 8:
                at = packet.get_uint64();
                break;
            case 10:
                sequences.back() = packet.get_uint32();
                break;
            case 11:
                event = packet.get_message();
                break;
            case 12:
                read_names(packet.get_message());
                break;
            case 13:
                flags.back() = packet.get_uint32();
                break;
            case 58:
                clock = packet.get_uint32();
                break;
            case 60:
                read_track(packet.get_message());
                break;
            default:
                throw std::runtime_error("unexpected field " + std::to_string(packet.tag()));
            }
        }
        if (!event)
            return;
        if (clock != 6)
            throw std::runtime_error("an event is not on CLOCK_BOOTTIME");
        read_event(*event, at);
    }

    void read_clocks(protozero::pbf_reader snapshot) {
        while (snapshot.next(1)) {
            protozero::pbf_reader reading = snapshot.get_message();
            std::uint32_t id = 0;
            while (reading.next())
                if (reading.tag() == 1)
                    id = reading.get_uint32();
                else
                    clocks[id] = reading.get_uint64();
        }
    }

    void read_names(protozero::pbf_reader data) {
        while (data.next()) {
            const std::uint32_t kind = data.tag();
            protozero::pbf_reader entry = data.get_message();
            std::uint64_t id = 0;
            while (entry.next())
                if (entry.tag() == 1)
                    id = entry.get_uint64();
                else if (!names_[kind].emplace(id, entry.get_string()).second)
                    throw std::runtime_error("a name is given twice");
        }
    }

    void read_track(protozero::pbf_reader descriptor) {
        PerfettoTrack track;
        std::uint64_t uuid = 0;
        while (descriptor.next()) {
            switch (descriptor.tag()) {
            case 1:
                uuid = descriptor.get_uint64();
                break;
            case 2:
                track.name = descriptor.get_string();
                break;
            case 5:
                track.parent = descriptor.get_uint64();
                break;
            case 8:
                track.counter = true;
                descriptor.skip();
                break;
            case 11:
                track.explicit_order = descriptor.get_enum() == 3;
                break;
            case 12:
                track.rank = descriptor.get_int32();
                break;
            default:
                throw std::runtime_error("unexpected field of a track");
            }
        }
        if (!tracks.emplace(uuid, track).second)
            throw std::runtime_error("two tracks of one uuid");
    }

    void read_event(protozero::pbf_reader reader, std::uint64_t at) {
        PerfettoEvent event;
        event.at = at;
        while (reader.next()) {
            switch (reader.tag()) {
            case 3:
                event.category = names_[1].at(reader.get_uint64());
                break;
            case 4:
                read_annotation(reader.get_message(), event);
                break;
            case 9:
                event.type = reader.get_enum();
                break;
            case 10:
                event.name = names_[2].at(reader.get_uint64());
                break;
            case 11:
                event.track = reader.get_uint64();
                break;
            case 23:
                event.name = reader.get_string();
                break;
            case 30:
                event.value = reader.get_int64();
                break;
            case 47:
                event.flows.push_back(reader.get_fixed64());
                break;
            case 48:
                event.flow_ends.push_back(reader.get_fixed64());
                break;
            default:
                throw std::runtime_error("unexpected field of an event");
            }
        }
        events.push_back(event);
    }

    void read_annotation(protozero::pbf_reader reader, PerfettoEvent& event) {
        std::string name;
        while (reader.next()) {
            switch (reader.tag()) {
            case 1:
                name = names_[3].at(reader.get_uint64());
                break;
            case 2:
                event.annotations[name] = reader.get_bool() ? "true" : "false";
                break;
            case 4:
                event.annotations[name] = std::to_string(reader.get_int64());
                break;
            case 6:
                event.annotations[name] = reader.get_string();
                break;
            default:
                throw std::runtime_error("unexpected field of an annotation");
            }
        }
    }

    std::map<std::uint32_t, Names> names_; // by field of InternedData
};

} // namespace rcuscope::test
