// SPDX-License-Identifier: BSD-2-Clause
//
// Tests messages on stderr that must not block the recorder.
#include "record/async_stderr.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <thread>
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

// With O_DIRECT a pipe keeps each write() apart, and each read() returns one.
TEST(AsyncStderr, SaysEachLineInOneWrite) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_DIRECT | O_CLOEXEC), 0);
    {
        AsyncStderr async_stderr(pipe[1]);
        async_stderr.say("one", "\r");
        async_stderr.say("two");
    }
    ::close(pipe[1]);
    std::array<char, 64> buffer{};
    for (const std::string_view line : {"\rone\n", "two\n"})
        EXPECT_EQ(::read(pipe[0], buffer.data(), buffer.size()), static_cast<ssize_t>(line.size())) << line;
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

// A line without a reader is dropped, and only that line. An error of write() is seen as the signal that comes with
// it.
std::atomic<int> broken_pipes = 0;

TEST(AsyncStderr, GoesOnWhereNobodyListens) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    ::close(pipe[0]);
    const auto before = std::signal(SIGPIPE, [](int) { ++broken_pipes; });
    int reader = -1;
    {
        AsyncStderr async_stderr(pipe[1]);
        async_stderr.say("lost");
        while (broken_pipes == 0)
            std::this_thread::yield();
        reader = ::open(("/proc/self/fd/" + std::to_string(pipe[1])).c_str(), O_RDONLY | O_CLOEXEC);
        async_stderr.say("heard");
    }
    std::signal(SIGPIPE, before);
    ::close(pipe[1]);
    ASSERT_GE(reader, 0);
    EXPECT_EQ(read_all(reader), "heard\n");
    EXPECT_EQ(broken_pipes, 1);
    ::close(reader);
}

// The descriptor may be closed: each write() fails, and the thread ends all the same.
TEST(AsyncStderr, EndsWhereThereIsNoStderr) {
    AsyncStderr async_stderr(-1);
    async_stderr.say("lost");
}

} // namespace
} // namespace rcuscope
