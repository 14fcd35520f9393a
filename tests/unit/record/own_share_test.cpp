// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the numbers of the recording's own cost.
#include "record/own_share.hpp"

#include <gtest/gtest.h>

namespace rcuscope::test {
namespace {

SequencesAt at(std::uint64_t ns, std::uint64_t gp_seq, std::uint64_t expedited_seq, bool exact = true) {
    SequencesAt reading;
    reading.ns = ns;
    reading.sequences = {gp_seq, expedited_seq};
    reading.exact = exact;
    return reading;
}

TEST(OwnShare, CountsWhatEndedAcrossTheWrap) {
    // One normal grace period ends between -7 (in progress) and -4, and two end between 0 and 9 (in progress).
    const std::uint64_t before = ~std::uint64_t{0} - 6;
    const OwnShare share = own_share(at(100, before, 40), at(150, before + 3, 40), at(900, 0, 44), at(1000, 9, 52));
    EXPECT_EQ(share.attach_ns, 50U);
    EXPECT_EQ(share.attach_grace_periods, 1U);
    EXPECT_EQ(share.attach_expedited, 0U);
    EXPECT_EQ(share.detach_ns, 100U);
    EXPECT_EQ(share.detach_grace_periods, 2U);
    EXPECT_EQ(share.detach_expedited, 2U);
}

TEST(OwnShare, ASequenceThatIsNotExactIsNotKnown) {
    EXPECT_TRUE(if_exact(at(1, 4, 8)));
    EXPECT_FALSE(if_exact(at(1, 4, 8, false)));
}

TEST(OwnShare, RunsAreThoseSince) {
    const RunStats before{{{"gp_end", "fentry/rcu_gp_cleanup", 10, 1000}}, 500};
    const RunStats grew = run_stats_since(before, {{{"gp_end", "fentry/rcu_gp_cleanup", 14, 1300}}, 700});
    EXPECT_EQ(grew.recorder_cpu_ns, 200U);
    ASSERT_EQ(grew.programs.size(), 1U);
    EXPECT_EQ(grew.programs[0].runs, 4U);
    EXPECT_EQ(grew.programs[0].ns, 300U);
}

} // namespace
} // namespace rcuscope::test
