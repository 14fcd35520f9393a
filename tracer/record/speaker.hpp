// SPDX-License-Identifier: BSD-2-Clause
//
// Says things on stderr without making the recording wait: a terminal may be a
// slow serial line, a pipe may be full, and meanwhile buffers fill and what was
// seen is not yet on the disk.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace rcuscope {

class Speaker {
public:
    // Writes to this descriptor, which it does not own.
    explicit Speaker(int fd);
    Speaker(const Speaker&) = delete;
    Speaker& operator=(const Speaker&) = delete;
    // Waits until everything is said.
    ~Speaker();

    // A line without its end, which goes out as text.hpp's printable() shows it; lines come out in their order, each in
    // one write. `before` goes out as it is: StatusLine::clearing().
    void say(std::string_view line, std::string_view before = {});

private:
    void run();

    int fd_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> lines_; // the first is being written
    bool over_ = false;
    std::thread thread_; // the last member: it uses the others
};

} // namespace rcuscope
