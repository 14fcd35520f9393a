// SPDX-License-Identifier: BSD-2-Clause
//
// A timeline whose lists are in files must be exported like one in memory.
#include <gtest/gtest.h>
#include <sstream>
#include <string>

#include "export/exporter.hpp"
#include "growth.hpp"
#include "spill_limits.hpp"
#include "timeline/scenario.hpp"

namespace rcuscope {
namespace {

// Callbacks on two CPUs, with a varying number of pending ones; heads are reused.
Timeline busy() {
    test::Scenario scenario;
    Nanoseconds at = 1000;
    for (std::uint64_t period = 25; period < 105; period += 2) {
        scenario.cpu(0).tid(9).gp_start(at, period);
        for (std::uint64_t i = 0; i < 500; i++) {
            at += 1 + static_cast<Nanoseconds>(i % 7);
            scenario.cpu(static_cast<std::uint32_t>(i % 2)).tid(i % 2 == 0 ? 100 : 200).queue(at, i + 1);
        }
        scenario.cpu(0).tid(9).assign(at, period + 1, 0).assign(at, period + 1, 1);
        scenario.gp_end(at + 50, period).gp_start(at + 60, period + 1).gp_end(at + 200, period + 1);
        at += 300;
        for (std::uint32_t cpu = 0; cpu < 2; cpu++) {
            for (std::uint64_t i = cpu; i < 500; i += 2) {
                scenario.cpu(cpu).tid(10).invoke(at, i + 1).done(at + 2, i + 1);
                at += 5;
            }
        }
    }
    return scenario.complete(at + 100);
}

std::string exported(const Timeline& timeline) {
    std::ostringstream out;
    for (const ExportFormat& format : export_formats())
        if (format.can_be_written == nullptr || format.can_be_written())
            format.write(timeline, analyse(timeline, {}), {.addresses = true}, out);
    return out.str();
}

// Each slice overlaps all others without nesting, so each needs a separate track.
TEST(LongTimeline, TimeGrowsAsTracksDo) {
    const auto write = [](std::size_t size) {
        test::Scenario scenario;
        for (std::size_t i = 0; i < 2 * size; i++) {
            scenario.tid(static_cast<std::uint32_t>(i % size + 1));
            const auto at = static_cast<Nanoseconds>(i);
            i < size ? scenario.at(at, event::BatchBegin{}) : scenario.at(at, event::BatchEnd{});
        }
        std::ostringstream out;
        write_perfetto(scenario.complete(static_cast<Nanoseconds>(2 * size)), {}, {}, out);
        EXPECT_GT(out.str().size(), size);
    };
    EXPECT_LT(test::growth(2000, write), test::far_from_linear);
}

TEST(LongTimeline, IsExportedAsAShortOneIs) {
    const Timeline in_memory = busy();
    EXPECT_FALSE(in_memory.callbacks.in_file());
    const std::string expected = exported(in_memory);

    const test::SpillLimitsGuard limits(0, 2 << 20);
    const Timeline in_files = busy();
    EXPECT_TRUE(in_files.callbacks.in_file());
    EXPECT_TRUE(exported(in_files) == expected); // too long to be printed
    EXPECT_GT(expected.size(), 1'000'000U);
}

} // namespace
} // namespace rcuscope
