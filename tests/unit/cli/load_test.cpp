// SPDX-License-Identifier: BSD-2-Clause
#include "cli/load.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <malloc.h>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "capture/support.hpp"
#include "cli/load_digest.hpp"
#include "export/exporter.hpp"

namespace rcuscope::test {
namespace {

// Contains all names of the recording.
std::string json_of(const LoadedTimeline& loaded) {
    const Recording::Binding bound(*loaded.recording);
    std::ostringstream out;
    write_json(loaded.timeline, loaded.analysis, {.addresses = true}, out);
    return out.str();
}

std::string recording(const std::string& name) {
    return RCUSCOPE_SOURCE_DIR "/tests/viz/recordings/" + name + ".rcu";
}

// A recording whose names occur in no other recording, each in a different callback.
std::string recording_with_names(const TempDir& dir, unsigned number) {
    constexpr std::uint64_t names = 4000;
    std::mt19937_64 random(number);
    std::vector<SymbolInfo> symbols;
    for (std::uint64_t i = 1; i <= names; i++) {
        std::string name;
        while (name.size() < 64)
            name += std::to_string(random());
        symbols.push_back({.address = i << 12, .name = name, .offset = 0, .module = "", .since_ns = 0});
    }
    std::string path = dir.file("names-" + std::to_string(number) + ".rcu");
    auto writer = capture_at(path, metadata_of_cpus(1));
    EXPECT_TRUE(writer && writer->symbols(symbols));
    for (std::uint64_t i = 1; i <= names; i++)
        EXPECT_TRUE(writer->record(0, bytes_of(rs_cb_queued{header_of(RS_CB_QUEUED, i), i << 8, i << 12, i << 12})));
    EXPECT_TRUE(writer->finish({names + 1, "duration", {}, {}, {}}));
    return path;
}

TEST(Load, ARecordingHasItsOwnNamesOnly) {
    const TempDir dir;
    const StringPool& outside = Binding<StringPool>::current();
    for (const unsigned number : {1U, 2U, 3U}) {
        const std::string path = recording_with_names(dir, number);
        const auto rows = load_timeline(path, {});
        ASSERT_TRUE(rows);
        EXPECT_EQ(rows->timeline.callbacks.size(), 4000U);
        EXPECT_GE(rows->recording->strings().size(), 4000U);
        EXPECT_LT(rows->recording->strings().size(), 4100U);
        EXPECT_GE(rows->recording->locations().size(), 4000U);
        EXPECT_LT(rows->recording->locations().size(), 8100U);
    }
    EXPECT_EQ(outside.size(), 1U) << "the empty text";
}

TEST(Load, RecordingsAreUsedAlternatelyAndFreedInAnyOrder) {
    const auto load = [](const char* name) {
        auto loaded = load_timeline(recording(name), {});
        EXPECT_TRUE(loaded);
        return std::make_unique<LoadedTimeline>(std::move(*loaded));
    };
    const std::string demo = json_of(*load("demo"));
    const std::string crash = json_of(*load("crash"));
    for (const bool first_goes_first : {true, false}) {
        auto first = load("demo");
        auto second = load("crash");
        EXPECT_NE(first->recording->strings().size(), second->recording->strings().size());
        for (int i = 0; i < 2; i++) {
            EXPECT_TRUE(json_of(*first) == demo) << "too long to be printed";
            EXPECT_TRUE(json_of(*second) == crash);
        }
        (first_goes_first ? first : second).reset();
        EXPECT_TRUE(first_goes_first ? json_of(*second) == crash : json_of(*first) == demo);
    }
}

TEST(Load, ALoadedRecordingCanBeHandedToAnotherThread) {
    const auto here = load_timeline(recording("demo"), {});
    ASSERT_TRUE(here);
    Result<LoadedTimeline> there = tl::unexpected(Error());
    std::thread([&] { there = load_timeline(recording("demo"), {}); }).join();
    ASSERT_TRUE(there);
    EXPECT_TRUE(json_of(*there) == json_of(*here));
    std::thread([&] { there = tl::unexpected(Error()); }).join();
}

TEST(LoadDeathTest, OneThreadAtATimeUsesARecording) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto loaded = load_timeline(recording("demo"), {});
    ASSERT_TRUE(loaded);
    const Recording::Binding bound(*loaded->recording);
    EXPECT_DEATH(std::thread([&] { json_of(*loaded); }).join(), "used by two threads");
}

TEST(LoadDeathTest, ATimelineIsReadWithItsOwnRecordingOnly) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto demo = load_timeline(recording("demo"), {});
    const auto crash = load_timeline(recording("crash"), {});
    ASSERT_TRUE(demo && crash);
    const Recording::Binding bound(*crash->recording);
    std::ostringstream out;
    EXPECT_DEATH(write_json(demo->timeline, {}, {}, out), "used where it is not bound");
    EXPECT_DEATH(analyse(demo->timeline, {}), "used where it is not bound");
}

// The heap of a sanitizer has other statistics.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// In the way that check loads them.
TEST(Load, ManyRecordingsTakeTheMemoryOfOne) {
    const TempDir dir;
    const auto in_use = [] { return static_cast<double>(::mallinfo2().uordblks); };
    EXPECT_TRUE(load_digest(recording_with_names(dir, 0), {}));
    const double after_first = in_use();
    double of_one = 0;
    {
        const auto held = load_timeline(recording_with_names(dir, 99), {});
        of_one = in_use() - after_first;
    }
    for (unsigned number = 1; number < 20; number++)
        EXPECT_TRUE(load_digest(recording_with_names(dir, number), {}));
    EXPECT_GT(of_one, 500'000) << "its names";
    EXPECT_LT(in_use() - after_first, of_one) << "of 19 more";
}

TEST(Load, TheMemoryOfARecordingIsFreedWithItWhileAnotherIsHeld) {
    const TempDir dir;
    const auto in_use = [] { return static_cast<double>(::mallinfo2().uordblks); };
    const auto load = [&](unsigned number) {
        return std::make_unique<Result<LoadedTimeline>>(load_timeline(recording_with_names(dir, number), {}));
    };
    load(0);
    for (const bool first_goes_first : {true, false}) {
        const double before = in_use();
        auto first = load(1);
        const double of_first = in_use() - before;
        auto second = load(2);
        const double of_both = in_use() - before;
        EXPECT_GT(of_first, 500'000);
        EXPECT_NEAR(of_both, 2 * of_first, of_first / 10);
        (first_goes_first ? first : second).reset();
        EXPECT_NEAR(in_use() - before, of_first, of_first / 10);
        first.reset();
        second.reset();
        EXPECT_LT(in_use() - before, of_first / 10);
    }
}
#endif

} // namespace
} // namespace rcuscope::test
