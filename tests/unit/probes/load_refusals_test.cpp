// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the detection of sites that the kernel refused to probe at the load of a module.
#include "probes/load_refusals.hpp"

#include <gmock/gmock.h>

namespace rcuscope::test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* failed = "trace_kprobe: Failed to re-register probe ";

std::vector<MissingInfo> missing_after(const std::vector<std::string>& messages) {
    LoadRefusals refusals(*KernelName::of("rcuscope_1a"));
    for (const std::string& message : messages)
        refusals.take(message);
    return refusals.missing();
}

TEST(LoadRefusals, AreCountedByModuleAndEventAndReason) {
    const auto missing = missing_after({
        std::string(failed) + "rcuscope_1a_jumps on demo: -84",
        std::string(failed) + "rcuscope_1a_sites on demo: -84",
        std::string(failed) + "rcuscope_1a_sites on demo: -84",
        std::string(failed) + "rcuscope_1a_sites on other: -12",
        std::string(failed) + "rcuscope_1a_returns on other: -12",
    });
    ASSERT_EQ(missing.size(), 4u);
    EXPECT_EQ(missing[0].hook, "module.readers");
    EXPECT_THAT(missing[0].why,
                AllOf(HasSubstr("at 2 places of demo: the kernel refused"), HasSubstr("found no instruction there")));
    EXPECT_EQ(missing[1].hook, "module.jumps");
    EXPECT_THAT(missing[1].why, HasSubstr("call_rcu() or a function like it at 1 place of demo: "));
    EXPECT_EQ(missing[2].hook, "module.readers");
    EXPECT_THAT(
        missing[2].why,
        EndsWith(
            "at 1 place of other: the kernel refused the probe when the module was loaded (Cannot allocate memory)"));
    EXPECT_EQ(missing[3].hook, "module.functions");
}

TEST(LoadRefusals, OfOthersAreNone) {
    EXPECT_THAT(missing_after({
                    std::string(failed) + "rcuscope_1b_jumps on demo: -84",
                    std::string(failed) + "rcuscope_1a_jumps on demo",
                    std::string(failed) + "rcuscope_1a_jumps on demo: -",
                    std::string(failed) + "rcuscope_1a_jumps on : -84",
                    std::string(failed) + "rcuscope_1a_jumps",
                    std::string(failed) + ": -84 on ",
                    "demo: trace_kprobe: Failed to re-register probe rcuscope_1a_jumps on demo: -84",
                    "",
                }),
                IsEmpty());
}

} // namespace
} // namespace rcuscope::test
