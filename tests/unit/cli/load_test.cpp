// SPDX-License-Identifier: BSD-2-Clause
#include "cli/load.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <malloc.h>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "capture/support.hpp"
#include "cli/load_digest.hpp"
#include "report/report.hpp"
#include "timeline/builder.hpp"

namespace rcuscope::test {
namespace {

std::string report_json(const Timeline& timeline, const Statistics& numbers) {
    std::ostringstream out;
    write_report_json(timeline, numbers, out);
    return out.str();
}

std::string recording(const std::string& name) {
    return RCUSCOPE_SOURCE_DIR "/tests/viz/recordings/" + name + ".rcu";
}

// From real kernels: a normal recording, one of a kernel that crashed, one of a long reader.
TEST(LoadNumbers, AreThoseOfTheTimeline) {
    for (const char* name : {"demo", "crash", "long-reader"}) {
        const auto rows = load_timeline(recording(name), {});
        const auto numbers = load_statistics(recording(name), {});
        ASSERT_TRUE(rows && numbers) << name;
        EXPECT_EQ(report_json(numbers->timeline, numbers->numbers),
                  report_json(rows->timeline, statistics_of(rows->timeline)))
            << name;
    }
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

TEST(Load, WhatARecordingNamedGoesWithIt) {
    const TempDir dir;
    const std::size_t before = interning::size();
    for (const unsigned number : {1U, 2U, 3U}) {
        const std::string path = recording_with_names(dir, number);
        const auto rows = load_timeline(path, {});
        ASSERT_TRUE(rows);
        EXPECT_EQ(rows->timeline.callbacks.size(), 4000U);
        EXPECT_GE(interning::size() - before, 8000U) << "names and places";
        EXPECT_LT(interning::size() - before, 16000U) << "of one recording";
        EXPECT_TRUE(load_statistics(path, {}));
    }
    EXPECT_EQ(interning::size(), before);
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
#endif

TEST(LoadNumbers, NeedNoRowsForAnOrderlyRecording) {
    for (const auto& [name, orderly] : {std::pair("demo", true), std::pair("crash", false)}) {
        auto reader = CaptureReader::open(recording(name));
        ASSERT_TRUE(reader);
        CallbackNumbers callbacks({});
        const auto timeline = build_timeline(*reader, callbacks);
        ASSERT_TRUE(timeline);
        EXPECT_EQ(timeline->has_value(), orderly) << name;
    }
}

} // namespace
} // namespace rcuscope::test
