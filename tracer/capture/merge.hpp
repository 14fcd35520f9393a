// SPDX-License-Identifier: BSD-2-Clause
//
// Merges the events chunks of all CPUs into one sequence of events in the order of time.
//
// The chunks of one CPU are only nearly in order. A BPF program reserves room for a record before it takes the time. An
// interrupt or another task can send any number of records in between, so later records can have earlier times. The
// merge therefore relies only on the earliest time of each chunk, which scan_capture() has found. It opens the chunks
// in the order of that time, with this invariant:
//
//     an event is given out only when every chunk with an event of its time or earlier is open.
//
// The chunks that overlap in time are open at once: about one for each CPU, two at the borders of chunks. A recording
// never has many more. The merge refuses a file that does, so its memory depends on the number of CPUs, not on the
// file.
//
// One or two threads prefetch chunks, and another thread merges them and decodes events ahead of the caller
// (base/prefetcher.hpp). The merging thread opens a chunk itself when it would otherwise wait for one.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/error.hpp"
#include "capture/event.hpp"
#include "capture/input_file.hpp"
#include "capture/scan.hpp"

namespace rcuscope {

// Passes every event of `chunks` to `take`. Adds the number of records that are no event to `skipped_records`.
Status merge_events(const InputFile& file, std::span<const EventChunk> chunks, std::uint64_t& skipped_records,
                    const std::function<void(const Event&)>& take);

} // namespace rcuscope
