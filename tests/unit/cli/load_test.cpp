// SPDX-License-Identifier: BSD-2-Clause
#include "cli/load.hpp"

#include <gtest/gtest.h>
#include <sstream>
#include <string>

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

// Of real kernels: an orderly recording, one of a kernel that died, one of a reader.
TEST(LoadNumbers, AreThoseOfTheTimeline) {
    for (const char* name : {"demo", "crash", "long-reader"}) {
        const auto rows = load_timeline(recording(name), {});
        const auto numbers = load_numbers(recording(name), {});
        ASSERT_TRUE(rows && numbers) << name;
        EXPECT_EQ(report_json(numbers->timeline, numbers->numbers),
                  report_json(rows->timeline, statistics_of(rows->timeline)))
            << name;
    }
}

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
