// SPDX-License-Identifier: BSD-2-Clause
#include "record/status_line.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rcuscope::test {
namespace {

std::string written_by(const std::function<void()>& what) {
    testing::internal::CaptureStderr();
    what();
    return testing::internal::GetCapturedStderr();
}

TEST(StatusLine, IsGoneWithWhatItTellsOf) {
    EXPECT_EQ(written_by([] {
                  StatusLine line(true);
                  line.show("placing probes");
                  line.show("recording 2 s");
              }),
              "\r\033[Kplacing probes\r\033[Krecording 2 s\r\033[K");
}

TEST(StatusLine, IsClearedOnce) {
    StatusLine line(true);
    EXPECT_EQ(written_by([&] { line.clear(); }), "");
    written_by([&] { line.show("placing probes"); });
    EXPECT_EQ(line.clearing(), "\r\033[K");
    EXPECT_EQ(line.clearing(), "");
}

TEST(StatusLine, IsOnlyForWhoWantsIt) {
    EXPECT_EQ(written_by([] {
                  StatusLine line(false);
                  line.show("placing probes");
                  line.clear();
              }),
              "");
}

} // namespace
} // namespace rcuscope::test
