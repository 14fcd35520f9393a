// SPDX-License-Identifier: BSD-2-Clause
#include "cli/timed_stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace rcuscope {

namespace {

constexpr std::uint64_t longest_request = 32U << 10U; // bytes; browsers send some hundred

} // namespace

bool TimedStream::wait(bool to_write) const {
    const short events = to_write ? POLLOUT : POLLIN;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until_ - Clock::now()).count();
        if (left <= 0)
            return false;
        pollfd ready{socket_, events, 0};
        const int count = ::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
        if (count > 0)
            return true;
        if (count < 0 && errno != EINTR)
            return false;
    }
}

ssize_t TimedStream::read(char* to, std::size_t size) {
    if (read_ >= longest_request)
        return -1;
    while (wait(false)) {
        const ssize_t got = ::recv(socket_, to, size, MSG_DONTWAIT);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got > 0)
            read_ += static_cast<std::uint64_t>(got);
        return got;
    }
    return -1;
}

ssize_t TimedStream::write(const char* from, std::size_t size) {
    if (!answering_)
        until_ = Clock::now() + for_answer_;
    answering_ = true;
    while (wait(true)) {
        const ssize_t sent = ::send(socket_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (sent > 0)
            written_ += static_cast<std::uint64_t>(sent);
        return sent;
    }
    return -1;
}

bool TimedStream::take_leave(std::chrono::milliseconds patience) {
    ::shutdown(socket_, SHUT_WR);
    until_ = Clock::now() + patience;
    std::array<char, 4096> rest{};
    while (wait(false)) {
        const ssize_t got = ::recv(socket_, rest.data(), rest.size(), MSG_DONTWAIT);
        if (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)))
            continue;
        // SIOCOUTQ counts our FIN as one byte, which may not be acknowledged yet.
        int unacknowledged = 0;
        return got == 0 && ::ioctl(socket_, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged <= 1;
    }
    return false;
}

} // namespace rcuscope
