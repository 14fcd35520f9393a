// SPDX-License-Identifier: BSD-2-Clause
//
// A connection for cpp-httplib, with limits on time. The library's own stream limits each read and each write, so that
// a client that sends a byte now and then holds a thread without end. Here the whole request has a time limit and a
// size limit, and the whole answer has a time limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <httplib.h>

namespace rcuscope {

class TimedStream : public httplib::Stream {
public:
    using Clock = std::chrono::steady_clock;

    TimedStream(int socket, std::chrono::milliseconds for_request, std::chrono::milliseconds for_answer)
        : socket_(socket), until_(Clock::now() + for_request), for_answer_(for_answer) {}

    bool is_readable() const override { return wait(false); }
    bool is_writable() const override { return wait(true); }
    ssize_t read(char* to, std::size_t size) override;
    ssize_t write(const char* from, std::size_t size) override;
    void get_remote_ip_and_port(std::string& ip, int& port) const override { nowhere(ip, port); }
    void get_local_ip_and_port(std::string& ip, int& port) const override { nowhere(ip, port); }
    socket_t socket() const override { return socket_; }

    std::uint64_t written() const { return written_; }
    // Closes this side (FIN) and waits until the client closes its side. Returns true if the client has acknowledged
    // everything by then.
    bool take_leave(std::chrono::milliseconds patience);

private:
    bool wait(bool to_write) const;
    static void nowhere(std::string& ip, int& port) { // both ends are on this machine, and no code uses the values
        ip = "127.0.0.1";
        port = 0;
    }

    int socket_;
    Clock::time_point until_;
    std::chrono::milliseconds for_answer_;
    std::uint64_t read_ = 0;
    std::uint64_t written_ = 0;
    bool answering_ = false;
};

} // namespace rcuscope
