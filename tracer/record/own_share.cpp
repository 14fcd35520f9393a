// SPDX-License-Identifier: BSD-2-Clause
#include "record/own_share.hpp"

#include "capture/gp_seq.hpp"

namespace rcuscope {

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

RunStats run_stats_since(const RunStats& before, RunStats now) {
    now.recorder_cpu_ns -= before.recorder_cpu_ns;
    for (std::size_t i = 0; i < now.programs.size(); i++) {
        now.programs[i].runs -= before.programs[i].runs;
        now.programs[i].ns -= before.programs[i].ns;
    }
    return now;
}

} // namespace rcuscope
