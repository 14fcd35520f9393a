// SPDX-License-Identifier: BSD-2-Clause
#include "record/drainer.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "kernel/host.hpp"

namespace rcuscope {

using namespace std::chrono_literals;

bool Drainer::needs_short_interval() {
    const auto rings = ends_.session.rings();
    return record_filter_.unloads().in_danger() ||
           std::any_of(rings.begin(), rings.end(), [](const Ring& ring) { return ring.fills_up(); });
}

Status Drainer::drain() {
    drained_ns_ = boottime_ns_before();
    look();
    pass_on();
    say_hazards();
    if (record_filter_.must_hold() && written_)
        written_ = ends_.sink.flush(true);
    return written_;
}

Status Drainer::drain_and_name() {
    for (;; std::this_thread::sleep_for(1ms)) {
        if (auto drained = drain(); !drained || !record_filter_.symbols().reads())
            return drained;
        record_filter_.symbols().hurry();
    }
}

Status Drainer::drain_rest() {
    constexpr int max_rounds = 1000;
    const auto waits = [](const Looked& looked) { return looked.seen.waits(); };
    for (int round = 0;; round++, std::this_thread::sleep_for(1ms)) {
        auto drained = drain_and_name();
        if (!drained || round == max_rounds || std::none_of(looked_.begin(), looked_.end(), waits))
            return drained;
    }
}

std::uint64_t Drainer::seen_until_ns() const {
    std::uint64_t until = drained_ns_;
    for (const Looked& looked : looked_)
        until = std::min(until, looked.seen.ns());
    return until;
}

void Drainer::look() {
    ends_.session.take_wakeups();
    const auto rings = ends_.session.rings();
    looked_.resize(rings.size());
    for (std::uint32_t cpu = 0; cpu < rings.size(); cpu++)
        looked_[cpu].sent = rings[cpu].end();
    // Must follow the reads above: the programs set where a module lies before they send any record about it.
    look_for_modules();
    for (std::uint32_t cpu = 0; cpu < rings.size(); cpu++)
        look_at(cpu, rings[cpu], looked_[cpu]);
    // The programs count a refused record before they read the clock, so this count includes every loss up to
    // drained_ns_.
    if (std::exchange(refused_, ends_.session.refused()) != refused_)
        lost_by_ns_ = boottime_ns();
}

void Drainer::look_for_modules() {
    for (std::size_t i = 0; i < loads_seen_.size(); i++) {
        const ModuleCounts counts = ends_.session.module(i);
        if (std::exchange(loads_seen_[i], counts.loaded) == counts.loaded)
            continue;
        const Kallsyms::Code code = ends_.session.module_code(i);
        record_filter_.unloads().begins(i, code.address, code.size);
    }
}

void Drainer::look_at(std::uint32_t cpu, const Ring& ring, Looked& looked) {
    looked.parts.clear();
    looked.looked = ring.begin();
    for (;;) {
        const auto piece = ring.piece(looked.looked, looked.sent);
        const std::uint64_t next = Ring::after(looked.looked, record_filter_.look(cpu, piece, looked.parts));
        if (std::exchange(looked.looked, next) == next)
            break;
    }
    looked.seen.look(drained_ns_, looked.sent, looked.looked);
}

// Writes the names of code addresses before the records that contain these.
void Drainer::pass_on() {
    if (const auto names = record_filter_.new_names(); written_ && !names.empty())
        written_ = ends_.sink.symbols(names);
    const auto rings = ends_.session.rings();
    for (std::uint32_t cpu = 0; cpu < rings.size(); cpu++) {
        if (written_ && !looked_[cpu].parts.empty())
            written_ = ends_.sink.ring(cpu, looked_[cpu].parts);
        if (looked_[cpu].looked != rings[cpu].begin())
            rings[cpu].release(looked_[cpu].looked);
    }
}

// Called before the flush waits for a disk: the kernel may die within milliseconds. The speaker's thread writes the
// message while the records go to the disk.
void Drainer::say_hazards() {
    for (const std::string& line : record_filter_.new_hazards(drained_ns_))
        ends_.async_stderr.say("rcuscope: HAZARD: " + line, ends_.status.clearing());
}

} // namespace rcuscope
