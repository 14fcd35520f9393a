// SPDX-License-Identifier: BSD-2-Clause
//
// Writes messages to stderr from a thread of its own, so that the recording never waits: a terminal may be a slow
// serial line and a pipe may be full, while the rings fill and records wait for the disk.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace rcuscope {

class AsyncStderr {
public:
    // Writes to this descriptor, which it does not own.
    explicit AsyncStderr(int fd);
    AsyncStderr(const AsyncStderr&) = delete;
    AsyncStderr& operator=(const AsyncStderr&) = delete;
    // Waits until every line is written.
    ~AsyncStderr();

    // `line`: without the newline; it is written as printable() in base/text.hpp shows it. Lines are written in FIFO
    // order, each in one write(). `before` is written unchanged: StatusLine::clearing().
    void say(std::string_view line, std::string_view before = {});

private:
    void run();

    int fd_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> lines_; // the first one is being written
    bool over_ = false;
    std::thread thread_; // the last member, because it uses the others
};

} // namespace rcuscope
