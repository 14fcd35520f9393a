// SPDX-License-Identifier: BSD-2-Clause
//
// Field numbers of Perfetto's trace format, those that perfetto.cpp writes. Source: github.com/google/perfetto,
// protos/perfetto/, in the file named at each message. Field numbers of a published protobuf never change.
#pragma once

#include <cstdint>

namespace rcuscope::perfetto {

using Field = std::uint32_t;

namespace trace { // trace/trace.proto, Trace
constexpr Field packet = 1;
}

namespace trace_packet { // trace/trace_packet.proto, TracePacket
constexpr Field clock_snapshot = 6;
constexpr Field timestamp = 8;
constexpr Field trusted_packet_sequence_id = 10;
constexpr Field track_event = 11;
constexpr Field interned_data = 12;
constexpr Field sequence_flags = 13;
constexpr Field timestamp_clock_id = 58;
constexpr Field track_descriptor = 60;
} // namespace trace_packet

namespace sequence_flags { // trace/trace_packet.proto, TracePacket.SequenceFlags
constexpr std::uint32_t incremental_state_cleared = 1;
constexpr std::uint32_t needs_incremental_state = 2;
} // namespace sequence_flags

namespace clock_snapshot { // trace/clock_snapshot.proto, ClockSnapshot
constexpr Field clocks = 1;
constexpr Field primary_trace_clock = 2;
} // namespace clock_snapshot

namespace clock { // trace/clock_snapshot.proto, ClockSnapshot.Clock
constexpr Field clock_id = 1;
constexpr Field timestamp = 2;
} // namespace clock

namespace builtin_clock { // common/builtin_clock.proto, BuiltinClock
constexpr std::uint32_t realtime = 1;
constexpr std::uint32_t monotonic = 3;
constexpr std::uint32_t boottime = 6;
} // namespace builtin_clock

namespace track_descriptor { // trace/track_event/track_descriptor.proto, TrackDescriptor
constexpr Field uuid = 1;
constexpr Field name = 2;
constexpr Field parent_uuid = 5;
constexpr Field counter = 8;
constexpr Field child_ordering = 11;
constexpr Field sibling_order_rank = 12;
constexpr std::int32_t child_ordering_explicit = 3; // TrackDescriptor.ChildTracksOrdering
} // namespace track_descriptor

namespace counter_descriptor { // trace/track_event/counter_descriptor.proto, CounterDescriptor
constexpr Field unit = 3;
constexpr std::int32_t unit_count = 2; // CounterDescriptor.Unit
} // namespace counter_descriptor

namespace track_event { // trace/track_event/track_event.proto, TrackEvent
constexpr Field category_iids = 3;
constexpr Field debug_annotations = 4;
constexpr Field type = 9;
constexpr Field name_iid = 10;
constexpr Field track_uuid = 11;
constexpr Field name = 23;
constexpr Field counter_value = 30;
constexpr Field flow_ids = 47;               // fixed64
constexpr Field terminating_flow_ids = 48;   // fixed64
constexpr std::int32_t type_slice_begin = 1; // TrackEvent.Type
constexpr std::int32_t type_slice_end = 2;
constexpr std::int32_t type_instant = 3;
constexpr std::int32_t type_counter = 4;
} // namespace track_event

namespace debug_annotation { // trace/track_event/debug_annotation.proto, DebugAnnotation
constexpr Field name_iid = 1;
constexpr Field bool_value = 2;
constexpr Field int_value = 4;
constexpr Field string_value = 6;
} // namespace debug_annotation

namespace interned_data { // trace/interned_data/interned_data.proto, InternedData
constexpr Field event_categories = 1;
constexpr Field event_names = 2;
constexpr Field debug_annotation_names = 3;
} // namespace interned_data

namespace interned { // the same in EventCategory, EventName and DebugAnnotationName
constexpr Field iid = 1;
constexpr Field name = 2;
} // namespace interned

} // namespace rcuscope::perfetto
