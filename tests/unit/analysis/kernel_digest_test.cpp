// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/kernel_digest.hpp"

#include <gmock/gmock.h>
#include <sstream>

#include "analysis/budget.hpp"
#include "analysis/digest_json.hpp"
#include "summary_layout.h"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Counts durations as the BPF programs do.
KernelDurations counted(const std::vector<std::uint64_t>& durations) {
    KernelDurations counts;
    for (const std::uint64_t duration : durations) {
        counts.buckets[rs_bucket_lowest(rs_bucket_of(duration))]++;
        counts.sum += duration;
        counts.shortest =
            counts.buckets.size() == 1 && counts.sum == duration ? duration : std::min(counts.shortest, duration);
        counts.longest = std::max(counts.longest, duration);
    }
    return counts;
}

Histogram histogram(const std::vector<std::uint64_t>& durations) {
    Histogram of;
    for (const std::uint64_t duration : durations)
        of.add(static_cast<Nanoseconds>(duration));
    return of;
}

KernelSummary example() {
    KernelSummary summary;
    summary.callbacks = {
        {.module = "mine", .function = "seldom", .queued = 1, .latency = counted({7'000'000})},
        {.module = "mine",
         .function = "free_node",
         .queued = 6,
         .untimed = 1,
         .latency = counted({100, 129, 5'000'000})},
        {.function = "file_free_rcu", .queued = 2, .forgotten = 1, .latency = counted({3'000'000})},
    };
    summary.normal = {counted({4'000'000, 2'000'000, 9'000'000}), {9'000'000, 4'000'000, 2'000'000}};
    summary.expedited = {counted({50'000}), {50'000}};
    return summary;
}

Result<Digest> digest(const KernelSummary& summary) {
    Metadata metadata;
    metadata.tool_version = "1.2.3";
    metadata.host.cpus = 2;
    metadata.host.kernel = "6.1";
    metadata.start_ns = 1'000'000'000;
    Trailer trailer;
    trailer.end_ns = 3'000'000'000;
    return digest_of(summary, metadata, trailer);
}

TEST(KernelBuckets, AreThoseOfTheHistogram) {
    std::vector<std::uint64_t> durations{0, 1, 127, 128, 129, 255, 256, 257, RS_LONGEST_DURATION};
    for (unsigned bit = 7; bit < RS_DURATION_BITS; bit++)
        for (const std::uint64_t low : {0ULL, 1ULL, (1ULL << bit) / 3, (1ULL << bit) - 1})
            durations.push_back((1ULL << bit) + low);
    for (const std::uint64_t duration : durations) {
        ASSERT_LT(rs_bucket_of(duration), RS_BUCKETS) << duration;
        EXPECT_EQ(static_cast<Nanoseconds>(rs_bucket_lowest(rs_bucket_of(duration))),
                  histogram({duration}).buckets().begin()->first)
            << duration;
    }
    EXPECT_EQ(rs_bucket_of(RS_LONGEST_DURATION), RS_BUCKETS - 1);
    for (std::uint64_t bucket = 0; bucket < RS_BUCKETS; bucket++)
        ASSERT_EQ(rs_bucket_of(rs_bucket_lowest(bucket)), bucket);
}

TEST(KernelBuckets, LieSideBySide) {
    for (std::uint64_t bucket = 0; bucket + 1 < RS_BUCKETS; bucket++)
        ASSERT_EQ(rs_bucket_lowest(bucket) + rs_bucket_width(bucket), rs_bucket_lowest(bucket + 1));
    EXPECT_EQ(rs_bucket_lowest(RS_BUCKETS - 1) + rs_bucket_width(RS_BUCKETS - 1), RS_LONGEST_DURATION + 1);
}

TEST(KernelDigest, HasTheDistributionsThatWereCounted) {
    const auto of = digest(example());
    ASSERT_TRUE(of) << of.error().why;
    EXPECT_EQ(of->durations.at("gp"), histogram({2'000'000, 4'000'000, 9'000'000}));
    EXPECT_EQ(of->durations.at("gp.expedited"), histogram({50'000}));
    EXPECT_EQ(of->durations.at("callback.latency"), histogram({7'000'000, 100, 129, 5'000'000, 3'000'000}));
    EXPECT_EQ(of->recorded, 2'000'000'000);
    EXPECT_TRUE(of->complete);
    ASSERT_EQ(of->longest.size(), 4u);
    EXPECT_EQ(of->longest.front().duration, 9'000'000);
    EXPECT_EQ(of->longest.back().duration, 50'000);
}

TEST(KernelDigest, TellsPendingFromUnknown) {
    const Digest of = *digest(example());
    ASSERT_EQ(of.functions.size(), 3u);
    EXPECT_EQ(of.functions[0].function, "free_node") << "the most queued first";
    EXPECT_EQ(of.functions[0].queued, 6u);
    EXPECT_EQ(of.functions[0].invoked, 4u);
    EXPECT_EQ(of.functions[0].pending, 2u);
    EXPECT_EQ(of.functions[0].unknown, 1u) << "one ran, and it is not known which";
    EXPECT_EQ(of.functions[1].module, "");
    EXPECT_EQ(of.functions[1].pending, 0u);
    EXPECT_EQ(of.functions[1].unknown, 1u) << "passed by: it has run, unseen";
    EXPECT_EQ(of.counts.at("callbacks.queued"), 9u);
    EXPECT_EQ(of.counts.at("callbacks.pending"), 2u);
    EXPECT_EQ(of.counts.at("callbacks.unknown"), 2u);
    EXPECT_EQ(of.lost, 1u);
}

TEST(KernelDigest, OfOneQueuedBeforeOnlyTheInvocationCounts) {
    KernelSummary summary;
    summary.callbacks = {{.module = "mine", .function = "free_node", .queued = 0, .untimed = 3, .latency = {}}};
    const Digest of = *digest(summary);
    EXPECT_EQ(of.functions[0].invoked, 3u);
    EXPECT_EQ(of.functions[0].queued, 0u);
    EXPECT_EQ(of.functions[0].unknown, 0u);
    EXPECT_EQ(of.lost, 0u);
}

TEST(KernelDigest, IsASummaryLikeAnyOther) {
    const Digest before = *digest(example());
    std::ostringstream out;
    write_digest(before, out);
    const auto after = digest_from_json(out.str(), "it");
    ASSERT_TRUE(after) << after.error().why;
    EXPECT_EQ(after->durations, before.durations);
    EXPECT_EQ(after->counts, before.counts);
    EXPECT_EQ(after->functions, before.functions);
}

TEST(KernelDigest, OfWhatWasNotLookedAtNothingIsKept) {
    const std::vector<RunDigest> runs{{"now", *digest(example())}};
    for (const char* text : {"hazards==0", "reader.count<5", "wait.rcu_barrier.max<1s", "backlog.max<10"})
        EXPECT_EQ(judge(*parse_budget(text), runs).verdict, BudgetVerdict::unknown) << text;
    KernelSummary whole = example();
    whole.callbacks[2].forgotten = 0;
    const std::vector<RunDigest> sure{{"now", *digest(whole)}};
    EXPECT_EQ(judge(*parse_budget("gp.max<10ms"), sure).verdict, BudgetVerdict::kept);
    EXPECT_EQ(judge(*parse_budget("callback.latency.max<6ms"), sure).verdict, BudgetVerdict::exceeded);
}

TEST(KernelDigest, RefusesCountsThatCannotBe) {
    KernelSummary summary = example();
    summary.callbacks[0].latency.longest = 8'000'000;
    const auto of = digest(summary);
    ASSERT_FALSE(of);
    EXPECT_EQ(of.error().code, ExitCode::cannot_here);
    EXPECT_THAT(of.error().why, HasSubstr("callbacks contradict each other"));
    summary = example();
    summary.normal.duration.sum = 1;
    EXPECT_FALSE(digest(summary));
}

} // namespace
} // namespace rcuscope::test
