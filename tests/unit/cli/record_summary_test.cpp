// SPDX-License-Identifier: BSD-2-Clause
#include "cli/record_summary.hpp"

#include <gmock/gmock.h>

#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

TEST(RecordSummary, TheOutputIsASummaryAndNothingElse) {
    EXPECT_EQ(*summary_output({}), "rcuscope.json");
    EXPECT_EQ(*summary_output({"base.json"}), "base.json");
    EXPECT_EQ(*summary_output({"-"}), "-");
    for (const char* output : {"run.rcu", "run.pftrace", "run.chrome.json", "run.html", "run", "run.jsonx"}) {
        const auto refused = summary_output({output});
        ASSERT_FALSE(refused) << output;
        EXPECT_EQ(refused.error().code, ExitCode::bad_input);
        EXPECT_THAT(refused.error().why, HasSubstr("keeps no events"));
    }
    EXPECT_FALSE(summary_output({"a.json", "b.json"}));
}

TEST(RecordSummary, StrictFailsIfAnythingWasLost) {
    const TempDir folder;
    SummaryRecording recording;
    recording.trailer.end_ns = 1'000'000;
    const auto a = OutputTarget::resolve(folder.file("a.json"));
    const auto b = OutputTarget::resolve(folder.file("b.json"));
    EXPECT_EQ(*finish_summary(recording, *a, true, true), ExitCode::done);
    recording.counts.missed = 1;
    EXPECT_EQ(*finish_summary(recording, *b, true, true), ExitCode::does_not_hold);
    EXPECT_EQ(*finish_summary(recording, *b, false, true), ExitCode::done);
    std::filesystem::create_directory(folder.file("a-folder"));
    const auto c = OutputTarget::resolve(folder.file("a-folder/c.json"));
    std::filesystem::remove(folder.file("a-folder"));
    EXPECT_FALSE(finish_summary(recording, *c, false, true));
}

} // namespace
} // namespace rcuscope::test
