// SPDX-License-Identifier: BSD-2-Clause
//
// Events chunks to events in the order of time.
//
// The chunks of one CPU are nearly in order, but not quite: what interrupts or
// preempts a probe between its reserving room for a record and its taking the
// time can send any number of records first, and so have earlier times behind a
// later one. So the order rests on nothing but what
// scan_capture() has seen: each chunk's earliest time. Chunks are opened in the
// order of that time, and
//
//     an event is given out only when every chunk with an event of its time or
//     earlier is open.
//
// Open are the chunks that overlap in time: about one of each CPU, two around
// the borders of chunks. Far more than that is no recording and is refused, so
// that memory depends on the number of CPUs, not on the file.
//
// One thread or two open chunks ahead, and one merges them and decodes events
// (base/ahead.hpp), so that whoever takes the events has them at hand. The one
// that merges opens chunks, too, where it would wait for one.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/error.hpp"
#include "capture/event.hpp"
#include "capture/input_file.hpp"
#include "capture/scan.hpp"

namespace rcuscope {

// Gives every event of `chunks`. `skipped_records` counts up those that are none.
Status merge_events(const InputFile& file, std::span<const EventChunk> chunks, std::uint64_t& skipped_records,
                    const std::function<void(const Event&)>& take);

} // namespace rcuscope
