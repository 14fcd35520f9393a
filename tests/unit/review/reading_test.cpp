// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the texts of kinds of findings and of locations in a .ko.
#include "review/reading.hpp"

#include <gmock/gmock.h>

namespace rcuscope::test {
namespace {

TEST(Reading, NamesOfKindsAndSurenessAreReadAsTheyAreWritten) {
    for (const FindingKind kind : {FindingKind::no_barrier, FindingKind::wrong_barrier, FindingKind::barrier_too_early,
                                   FindingKind::cache_destroyed_before_barrier, FindingKind::callback_in_init_text,
                                   FindingKind::lock_without_unlock})
        EXPECT_EQ(finding_kind_from(to_text(kind)), kind) << to_text(kind);
    for (const Confidence sureness : {Confidence::shown, Confidence::likely, Confidence::cannot_tell})
        EXPECT_EQ(sureness_from(to_text(sureness)), sureness) << to_text(sureness);
    EXPECT_EQ(finding_kind_from("unknown"), std::nullopt);
    EXPECT_EQ(sureness_from("no-barrier"), std::nullopt);
}

TEST(Reading, APlaceIsWrittenAsRecordingsDo) {
    EXPECT_EQ(to_text(CodePosition{"mine_exit", ".exit.text", 31, "", 0}), "mine_exit+0x1f");
    EXPECT_EQ(to_text(CodePosition{"mine_exit", ".exit.text", 31, "mine.c", 12}), "mine_exit+0x1f (mine.c:12)");
    EXPECT_EQ(to_text(CodePosition{"", ".text", 4, "", 0}), ".text+0x4");
}

} // namespace
} // namespace rcuscope::test
