// SPDX-License-Identifier: BSD-2-Clause
//
// From the kernel's rings to where the recording goes, in an order in which a
// reader knows what each record is about, and a kernel that dies has told most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "probes/seen_until.hpp"
#include "probes/session.hpp"
#include "record/catcher.hpp"
#include "record/intake.hpp"
#include "record/sink.hpp"
#include "record/speaker.hpp"
#include "record/status_line.hpp"

namespace rcuscope {

class Drainer {
public:
    // What it refers to.
    struct Ends {
        BpfSession& session;
        RecordSink& sink;
        Catcher* catcher; // the same, if it waits for something
        Speaker& speaker;
        StatusLine& status;
    };
    Drainer(const Ends& ends, Intake intake, std::size_t modules)
        : ends_(ends), intake_(std::move(intake)), loads_seen_(modules) {}

    // Everything that was sent until now, up to a record that is not whole. Fails for good with the first error of the
    // sink.
    Status drain();
    // And takes what comes while names are read.
    Status drain_and_name();
    // The same when the probes are out: a program that was kept from going on may have a record to end, and what lies
    // behind that waits for it. Not for ever.
    Status drain_rest();
    // What happens later is the tracer's own doing.
    void close_window(std::uint64_t ns) { intake_.close_window(ns); }

    // It should not be long until the next time: the kernel may be about to die, or more comes than what wakes the
    // recorder as the rings are looked at.
    bool hurries();
    // When the last drain began.
    std::uint64_t drained_ns() const { return drained_ns_; }
    // Every record of this time or earlier was taken. It is before the last drain's while a record is not whole.
    std::uint64_t seen_until_ns() const;
    // Records were lost, at this time at the latest; 0: none were.
    std::uint64_t lost_by_ns() const { return lost_by_ns_; }

private:
    // Of a CPU: up to where its ring was sent, and was looked at, and the parts of that which are for the file.
    struct Looked {
        std::uint64_t sent = 0;
        std::uint64_t looked = 0;
        SeenUntil seen;
        std::vector<std::span<const std::byte>> parts;
    };
    void look();
    void look_for_modules();
    void look_at(std::uint32_t cpu, const Ring& ring, Looked& looked);
    void pass_on();
    void say_hazards();

    Ends ends_;
    Intake intake_;
    std::vector<std::uint32_t> loads_seen_; // of each followed module
    std::vector<Looked> looked_;            // by CPU
    std::uint64_t drained_ns_ = 0;
    std::uint64_t refused_ = 0; // records, as of the last look
    std::uint64_t lost_by_ns_ = 0;
    Status written_; // the first error of the sink
};

} // namespace rcuscope
