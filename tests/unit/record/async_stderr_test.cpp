// SPDX-License-Identifier: BSD-2-Clause
//
// Tests messages on stderr that must not block the recorder.
#include "record/async_stderr.hpp"

#include <array>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace rcuscope {
namespace {

std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = ::read(fd, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(n));
    return text;
}

TEST(AsyncStderr, SaysEverythingInItsOrderBeforeItGoes) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    {
        AsyncStderr async_stderr(pipe[1]);
        async_stderr.say("one");
        async_stderr.say("two");
        async_stderr.say("three");
    }
    ::close(pipe[1]);
    EXPECT_EQ(read_all(pipe[0]), "one\ntwo\nthree\n");
    ::close(pipe[0]);
}

TEST(AsyncStderr, DoesNotWaitForWhoeverListens) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const std::string longer_than_a_pipe(1 << 20, 'x');
    std::string heard;
    std::thread reader;
    {
        AsyncStderr async_stderr(pipe[1]);
        async_stderr.say(longer_than_a_pipe);
        async_stderr.say("end");
        // Both calls have returned, although nothing has been read yet.
        reader = std::thread([&] { heard = read_all(pipe[0]); });
    }
    ::close(pipe[1]);
    reader.join();
    EXPECT_EQ(heard, longer_than_a_pipe + "\nend\n");
    ::close(pipe[0]);
}

// The line of a hazard has the name of a module, which may be any text.
TEST(AsyncStderr, SaysNothingThatSteersTheTerminal) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    {
        AsyncStderr async_stderr(pipe[1]);
        async_stderr.say("mod\x1b[2J\nrcuscope: all is well", "\r\033[K");
    }
    ::close(pipe[1]);
    EXPECT_EQ(read_all(pipe[0]), "\r\033[Kmod\\u{1b}[2J\\u{a}rcuscope: all is well\n");
    ::close(pipe[0]);
}

TEST(AsyncStderr, GoesOnWhereNobodyListens) {
    AsyncStderr async_stderr(-1);
    async_stderr.say("lost");
}

} // namespace
} // namespace rcuscope
