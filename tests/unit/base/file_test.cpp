// SPDX-License-Identifier: BSD-2-Clause
#include "base/file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ReadFile, WhatStatSaysIsEmpty) {
    const auto text = read_file("/proc/self/status");
    ASSERT_TRUE(text) << text.error().why;
    EXPECT_THAT(*text, testing::StartsWith("Name:\t"));
}

TEST(ReadFile, MoreThanOneRead) {
    const TempDir dir;
    const std::string large(200'001, 'x');
    EXPECT_EQ(read_file(dir.write("large", large)).value_or(""), large);
    EXPECT_EQ(read_file(dir.write("empty", "")).value_or("?"), "");
}

TEST(ReadFile, SaysWhyNot) {
    const auto missing = read_file("/nonexistent");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ExitCode::bad_input);
    EXPECT_EQ(missing.error().what, "cannot read /nonexistent");
    EXPECT_EQ(missing.error().why, "No such file or directory");
    EXPECT_EQ(read_file("/").error().why, "Is a directory");
}

TEST(ReadLine, WithoutTheSpaceAtItsEnd) {
    const TempDir dir;
    EXPECT_EQ(read_line_or_empty(dir.write("a", " 0-3,8 \t\r\n\n")), " 0-3,8");
    EXPECT_EQ(read_line_or_empty(dir.write("b", " \n")), "");
    EXPECT_EQ(read_line_or_empty(dir.file("missing")), "");
}

TEST(WriteExisting, AtTheStartOrTheEnd) {
    const TempDir dir;
    const std::string path = dir.write("file", "12345");
    EXPECT_TRUE(write_existing(path, "67", true));
    EXPECT_EQ(read_file(path).value_or(""), "1234567");
    EXPECT_TRUE(write_existing(path, "ab", false));
    EXPECT_EQ(read_file(path).value_or(""), "ab34567");
}

TEST(WriteExisting, MakesNoFile) {
    const TempDir dir;
    const auto written = write_existing(dir.file("missing"), "x", true);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().what, "cannot write " + dir.file("missing"));
    EXPECT_EQ(written.error().why, "No such file or directory");
    EXPECT_FALSE(read_file(dir.file("missing")));
}

TEST(WriteExisting, SaysWhyNot) {
    EXPECT_EQ(write_existing("/dev/full", "x", false).error().why, "No space left on device");
}

TEST(SplitLines, WithAndWithoutALastNewline) {
    EXPECT_THAT(split_lines("a\n\nb\n"), ElementsAre("a", "", "b"));
    EXPECT_THAT(split_lines("a\nb"), ElementsAre("a", "b"));
    EXPECT_THAT(split_lines("\n"), ElementsAre(""));
    EXPECT_THAT(split_lines(""), IsEmpty());
}

TEST(BaseName, IsWhatFollowsTheLastSlash) {
    EXPECT_EQ(base_name("kernel/lib/demo.ko"), "demo.ko");
    EXPECT_EQ(base_name("demo.ko"), "demo.ko");
    EXPECT_EQ(base_name("/"), "");
    EXPECT_EQ(base_name(""), "");
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(Fd, IsClosedOnceByItsLastOwner) {
    Fd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(first);
    const int number = first.get();
    {
        const Fd second = std::move(first);
        EXPECT_EQ(second.get(), number);
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(Fd, ReleasedItStaysOpen) {
    Fd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int number = fd.release();
    EXPECT_FALSE(fd);
    EXPECT_TRUE(is_open(number));
    ::close(number);
}

} // namespace
} // namespace rcuscope::test
