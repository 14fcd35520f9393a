// SPDX-License-Identifier: BSD-2-Clause
//
// Moves records from the CPUs' rings to the sink. The order lets a reader know the names in each record before it
// comes. It also gets the most to disk if the kernel dies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "probes/ring_watermark.hpp"
#include "probes/session.hpp"
#include "record/async_stderr.hpp"
#include "record/record_filter.hpp"
#include "record/sink.hpp"
#include "record/status_line.hpp"

namespace rcuscope {

class Drainer {
public:
    // The objects it works with; all must outlive it.
    struct Dependencies {
        BpfSession& session;
        RecordSink& sink;
        AsyncStderr& async_stderr;
        StatusLine& status;
    };
    Drainer(const Dependencies& ends, RecordFilter record_filter, std::size_t modules)
        : ends_(ends), record_filter_(std::move(record_filter)), loads_seen_(modules) {}

    // Takes every record sent so far, in each ring up to the first record that a program is still writing. The first
    // error of the sink is final: every later call returns it.
    Status drain();
    // Drains repeatedly until the names of all addresses are read.
    Status drain_and_name();
    // Like drain_and_name(), after the probes are detached. An interrupted program may still have to complete its
    // record, and the records behind it wait for that. Gives up after 1000 rounds of at least 1 ms.
    Status drain_rest();
    // Records of a later time are dropped: the tracer itself causes those events.
    void close_window(std::uint64_t ns) { record_filter_.close_window(ns); }

    // Whether to drain again soon: the kernel may be about to die, or a ring is filled beyond the point at which the
    // programs wake the recorder.
    bool needs_short_interval();
    // When the last drain began.
    std::uint64_t drained_ns() const { return drained_ns_; }
    // Every record up to this time was taken. It lags behind drained_ns() while a program is still writing a record.
    std::uint64_t seen_until_ns() const;
    // The latest time at which records can have been lost; 0: none were.
    std::uint64_t lost_by_ns() const { return lost_by_ns_; }

private:
    // A CPU's ring: positions up to which records were sent and looked at, and the parts that go to the sink.
    struct Looked {
        std::uint64_t sent = 0;
        std::uint64_t looked = 0;
        RingWatermark seen;
        std::vector<std::span<const std::byte>> parts;
    };
    void look();
    void look_for_modules();
    void look_at(std::uint32_t cpu, const Ring& ring, Looked& looked);
    void pass_on();
    void say_hazards();

    Dependencies ends_;
    RecordFilter record_filter_;
    std::vector<std::uint32_t> loads_seen_; // by followed module: its load count at the last look
    std::vector<Looked> looked_;            // by CPU
    std::uint64_t drained_ns_ = 0;
    std::uint64_t refused_ = 0; // count of lost records at the last look
    std::uint64_t lost_by_ns_ = 0;
    Status written_; // the first error of the sink
};

} // namespace rcuscope
