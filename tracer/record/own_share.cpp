// SPDX-License-Identifier: BSD-2-Clause
#include "record/own_share.hpp"

#include <cstdint>

namespace rcuscope {

namespace {

// kernel/rcu/rcu.h: a sequence counts above its two low bits, and wraps soon after boot.
std::uint64_t periods_between(std::uint64_t earlier, std::uint64_t later) {
    constexpr std::uint64_t state_mask = 3;
    return ((later & ~state_mask) - (earlier & ~state_mask)) / (state_mask + 1);
}

} // namespace

std::optional<RcuSequences> if_exact(const SequencesAt& at) {
    return at.exact ? std::optional(at.sequences) : std::nullopt;
}

OwnShare own_share(const SequencesAt& before, const SequencesAt& opened, const SequencesAt& closed,
                   const SequencesAt& after) {
    return {opened.ns - before.ns,
            periods_between(before.sequences.gp_seq, opened.sequences.gp_seq),
            periods_between(before.sequences.expedited_seq, opened.sequences.expedited_seq),
            after.ns - closed.ns,
            periods_between(closed.sequences.gp_seq, after.sequences.gp_seq),
            periods_between(closed.sequences.expedited_seq, after.sequences.expedited_seq)};
}

RunStats grown(RunStats now, const RunStats& before) {
    now.recorder_cpu_ns -= before.recorder_cpu_ns;
    for (std::size_t i = 0; i < now.programs.size(); i++) {
        now.programs[i].runs -= before.programs[i].runs;
        now.programs[i].ns -= before.programs[i].ns;
    }
    return now;
}

} // namespace rcuscope
