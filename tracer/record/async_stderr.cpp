// SPDX-License-Identifier: BSD-2-Clause
#include "record/async_stderr.hpp"

#include <cerrno>
#include <unistd.h>
#include <utility>

#include "base/text.hpp"

namespace rcuscope {

AsyncStderr::AsyncStderr(int fd) : fd_(fd), thread_([this] { run(); }) {}

AsyncStderr::~AsyncStderr() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void AsyncStderr::say(std::string_view line, std::string_view before) {
    std::string text = std::string(before) + printable(line) + "\n";
    {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(text));
    }
    changed_.notify_one();
}

void AsyncStderr::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return over_ || !lines_.empty(); });
        if (lines_.empty())
            return;
        std::string_view rest = lines_.front();
        lock.unlock();
        // Tries the whole line in one write(): the kernel may die before a second one.
        while (!rest.empty()) {
            const ssize_t written = ::write(fd_, rest.data(), rest.size());
            if (written < 0 && errno != EINTR)
                break; // no reader is left
            rest.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
        }
        lock.lock();
        lines_.pop_front();
    }
}

} // namespace rcuscope
