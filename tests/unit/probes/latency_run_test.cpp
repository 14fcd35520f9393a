// SPDX-License-Identifier: BSD-2-Clause
//
// The programs' counting of latencies (bpf/latency_run.h) must equal counting each one separately.
#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>

#include "summary_layout.h"

#include "latency_run.h"

namespace rcuscope::test {
namespace {

constexpr rs_u64 slots = 3;

class LatencyRun : public testing::Test {
protected:
    void count(rs_u64 slot, rs_u64 latency) {
        if (rs_run_takes(&run_, slot, latency)) {
            rs_run_add(&run_, latency);
            taken_++;
            return;
        }
        if (!rs_run_goes_on(&run_, slot, latency)) {
            rs_run_end(&run_, &(*buckets_)[run_.slot], &tallies_[run_.slot]);
            rs_run_begin(&run_, slot, latency);
            begun_++;
        }
        rs_run_widen(&run_, &tallies_[slot], latency);
        rs_run_add(&run_, latency);
    }

    rs_latency_run run_{};
    std::array<rs_tally, slots> tallies_{};
    std::unique_ptr<std::array<rs_buckets, slots>> buckets_ = std::make_unique<std::array<rs_buckets, slots>>();
    int taken_ = 0;
    int begun_ = 0;
};

TEST_F(LatencyRun, CountsWhatWouldHaveBeenCountedOneByOne) {
    std::mt19937_64 random(3);
    std::array<rs_tally, slots> wanted{};
    std::array<std::map<rs_u64, rs_u64>, slots> wanted_buckets;
    rs_u64 slot = 1;
    rs_u64 latency = 0;
    for (int i = 0; i < 100000; i++) {
        if (i % 50 == 0)
            slot = random() % slots;
        latency = i % 100 == 0 ? random() >> (16 + random() % 48) : latency + random() % 64;
        latency = std::min<rs_u64>(latency, RS_LONGEST_DURATION);
        count(slot, latency);
        wanted[slot].timed++;
        wanted[slot].sum += latency;
        wanted[slot].shortest = std::max<rs_u64>(wanted[slot].shortest, ~latency);
        wanted[slot].longest = std::max<rs_u64>(wanted[slot].longest, latency);
        wanted_buckets[slot][rs_bucket_of(latency)]++;
    }
    EXPECT_GT(taken_, 50000);
    rs_run_end(&run_, &(*buckets_)[run_.slot], &tallies_[run_.slot]);
    for (slot = 0; slot < slots; slot++) {
        EXPECT_EQ(tallies_[slot].timed, wanted[slot].timed);
        EXPECT_EQ(tallies_[slot].sum, wanted[slot].sum);
        EXPECT_EQ(tallies_[slot].shortest, wanted[slot].shortest);
        EXPECT_EQ(tallies_[slot].longest, wanted[slot].longest);
        for (rs_u64 bucket = 0; bucket < RS_BUCKETS; bucket++)
            ASSERT_EQ((*buckets_)[slot].counts[bucket], wanted_buckets[slot][bucket]) << bucket;
    }
}

TEST_F(LatencyRun, TheFirstIsNeitherTakenByNoneNorByAnother) {
    EXPECT_FALSE(rs_run_takes(&run_, 0, 0));
    count(1, 1000);
    EXPECT_TRUE(rs_run_takes(&run_, 1, 1000));
    EXPECT_FALSE(rs_run_takes(&run_, 2, 1000));
    EXPECT_FALSE(rs_run_takes(&run_, 1, 1001)) << "it is the longest";
    EXPECT_FALSE(rs_run_takes(&run_, 1, 999)) << "it is the shortest";
}

TEST_F(LatencyRun, GoesOnWithinItsBucketWhereverThatIsWidened) {
    for (const rs_u64 latency : {1'000'001ULL, 1'000'000ULL, 1'000'002ULL})
        count(1, latency);
    EXPECT_EQ(begun_, 1);
    EXPECT_EQ(taken_, 0);
    count(1, 1'000'001);
    EXPECT_EQ(taken_, 1);
    count(1, 2'000'000);
    EXPECT_EQ(begun_, 2);
    count(2, 2'000'000);
    EXPECT_EQ(begun_, 3);
}

TEST_F(LatencyRun, OneThatWasInvokedBeforeItWasQueuedIsNotTaken) {
    count(1, RS_LONGEST_DURATION);
    EXPECT_FALSE(rs_run_takes(&run_, 1, rs_u64{5} - 7));
}

} // namespace
} // namespace rcuscope::test
