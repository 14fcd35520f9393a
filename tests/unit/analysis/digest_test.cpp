// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/digest.hpp"

#include <gmock/gmock.h>

#include "export/rich_timeline.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;

Digest rich() {
    const Analysed timeline = rich_timeline();
    return digest_of(timeline, timeline.found, "1.2.3");
}

TEST(Digest, HasEveryNameAndNoOther) {
    for (const Digest& digest : {rich(), digest_of({}, {}, "")}) {
        EXPECT_EQ(digest.durations.size(), digest_durations.size());
        for (const DigestName& each : digest_durations)
            EXPECT_TRUE(digest.durations.contains(std::string(each.name))) << each.name;
        EXPECT_EQ(digest.counts.size(), digest_counts.size());
        for (const DigestName& each : digest_counts)
            EXPECT_TRUE(digest.counts.contains(std::string(each.name))) << each.name;
    }
}

TEST(Digest, KnowsTheRecording) {
    const Digest digest = rich();
    EXPECT_EQ(digest.tool_version, "1.2.3");
    EXPECT_EQ(digest.host.settings.at("preemption"), "voluntary");
    EXPECT_EQ(digest.recorded, 10'000'000);
    EXPECT_TRUE(digest.complete);
    EXPECT_EQ(digest.lost, 15U) << "the event that the kernel skipped concerns one hook only";
}

TEST(Digest, HasTheDistributionsOfAll) {
    const Digest digest = rich();
    const auto only = [&](const char* name) {
        const Histogram& histogram = digest.durations.at(name);
        EXPECT_EQ(histogram.count(), 1U) << name;
        return histogram.max();
    };
    EXPECT_EQ(only("gp"), 3'000'000) << "not the ones that began before, or have not ended";
    EXPECT_EQ(only("gp.expedited"), 50'000);
    EXPECT_EQ(only("wait.synchronize_rcu_expedited"), 70'000);
    EXPECT_EQ(digest.durations.at("wait.rcu_barrier").count(), 0U) << "it has not ended";
    const Histogram& latency = digest.durations.at("callback.latency");
    EXPECT_EQ(latency.count(), 4U);
    EXPECT_EQ(latency.sum(), 3'600'000 + 3'610'000 + 3'650'000 + 3'550'000.0);
    EXPECT_EQ(digest.durations.at("callback.start").sum(), 390'000 + 380'000.0) << "of those whose shares are known";
    EXPECT_EQ(digest.durations.at("callback.end").sum(), 6'000'000.0);
    EXPECT_EQ(digest.durations.at("callback.invocation").sum(), 210'000 + 230'000.0);
    EXPECT_EQ(digest.durations.at("callback.run").sum(), 30'000.0);
    EXPECT_EQ(digest.durations.at("reader").count(), 5U);
}

TEST(Digest, Counts) {
    const Digest digest = rich();
    EXPECT_EQ(digest.counts.at("hazards"), 3U);
    EXPECT_EQ(digest.counts.at("hazards.fatal"), 1U);
    EXPECT_EQ(digest.counts.at("hazards.latent"), 0U);
    EXPECT_EQ(digest.counts.at("hazards.warning"), 2U);
    EXPECT_EQ(digest.counts.at("callbacks.queued"), 6U);
    EXPECT_EQ(digest.counts.at("callbacks.pending"), 1U);
    EXPECT_EQ(digest.counts.at("callbacks.unknown"), 2U);
    EXPECT_EQ(digest.counts.at("backlog.max"), 4U);
}

TEST(Digest, TheLongestOfBothKinds) {
    Timeline timeline;
    for (Nanoseconds duration = 1; duration <= 8; duration++) {
        GracePeriod grace_period;
        grace_period.expedited = duration % 2 == 0;
        grace_period.start = 100;
        grace_period.end = 100 + duration;
        grace_period.id = static_cast<std::uint32_t>(duration);
        timeline.grace_periods.push_back(grace_period);
    }
    timeline.grace_periods[6].began_before = true;
    Analysis found{.statistics = numbers_of(timeline)};
    found.holders.resize(8);
    found.holders[7] = Holder{.text = "somebody"};
    EXPECT_THAT(digest_of(timeline, found, "").longest,
                ElementsAre(Digest::Held{8, "somebody"}, Digest::Held{6, ""}, Digest::Held{5, ""}, Digest::Held{4, ""},
                            Digest::Held{3, ""}));
}

} // namespace
} // namespace rcuscope::test
