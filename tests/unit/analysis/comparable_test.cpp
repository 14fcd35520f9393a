// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/comparable.hpp"

#include <algorithm>
#include <gmock/gmock.h>

#include "analysis/runs.hpp"

namespace rcuscope::test {
namespace {

using testing::IsEmpty;
using testing::Not;

std::vector<RunDigest> two() {
    return {empty_run("base.json"), empty_run("now.rcu")};
}

std::string refused_runs(const std::vector<RunDigest>& runs, const std::set<std::string>& allowed = {}) {
    const auto status = refuse_to_compare(differences(runs), allowed);
    if (status)
        return {};
    EXPECT_EQ(status.error().code, ExitCode::bad_input);
    return status.error().why + " (" + status.error().hint + ")";
}

TEST(Comparable, AlikeIsFine) {
    EXPECT_THAT(differences(two()), IsEmpty());
    EXPECT_EQ(refused_runs(two()), "");
}

TEST(Comparable, NamesEachSettingAndItsValues) {
    auto runs = two();
    runs[1].digest.host.cpus = 4;
    runs[1].digest.host.hz = 1000;
    runs[1].digest.host.settings["rcu_nocbs"] = "0-3";
    EXPECT_EQ(refused_runs(runs),
              "cpus is 2 in base.json, 4 in now.rcu; hz is 250 in base.json, 1000 in now.rcu; "
              "rcu_nocbs is not known in base.json, 0-3 in now.rcu (record both with the same settings, or allow the "
              "difference: --allow-different cpus --allow-different hz --allow-different "
              "rcu_nocbs)");
    EXPECT_THAT(refused_runs(runs, {"cpus"}), Not(testing::StartsWith("cpus")));
    EXPECT_EQ(refused_runs(runs, {"cpus", "hz", "rcu_nocbs"}), "");
    EXPECT_EQ(refused_runs(runs, {"all"}), "");
}

// Runs that differ in any significant setting are refused, even a single one among many runs.
TEST(Comparable, EachSettingThatDecidesIsRefused) {
    for (const HostSetting& setting : host_settings) {
        auto runs = two();
        runs.push_back(empty_run("odd.rcu"));
        for (RunDigest& run : runs)
            run.digest.host.settings[setting.name] = run.name == "odd.rcu" ? "1" : "0";
        ASSERT_EQ(differences(runs).size(), 1U) << setting.name;
        EXPECT_EQ(refused_runs(runs).empty(), !setting.decides) << setting.name;
        EXPECT_EQ(differences(runs)[0].values, "0 in base.json, 1 in odd.rcu");
        EXPECT_EQ(refused_runs(runs, {setting.name}), "");
        const auto deciding = deciding_settings();
        EXPECT_EQ(std::count(deciding.begin(), deciding.end(), setting.name), setting.decides) << setting.name;
    }
}

TEST(Comparable, AnotherKernelIsWhatIsCompared) {
    auto runs = two();
    runs[1].digest.host.kernel = "6.12.0-test";
    ASSERT_EQ(differences(runs).size(), 1U);
    EXPECT_EQ(differences(runs)[0].values, "6.1.0-test in base.json, 6.12.0-test in now.rcu");
    EXPECT_EQ(refused_runs(runs), "");
}

TEST(Comparable, ARecordingIsNotTwo) {
    auto runs = two();
    EXPECT_TRUE(refuse_twice(runs)); // they are empty
    for (RunDigest& run : runs)
        run.digest.durations["gp"].add(1'234'567);
    const auto status = refuse_twice(runs);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().why, "base.json and now.rcu are the same recording");
    runs[1].digest.durations["gp"].add(1'234'567);
    EXPECT_TRUE(refuse_twice(runs));
}

} // namespace
} // namespace rcuscope::test
