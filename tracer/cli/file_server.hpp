// SPDX-License-Identifier: BSD-2-Clause
//
// One file over HTTP (cpp-httplib), to a browser of this user on this machine, until it has been fetched.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/file.hpp"

namespace rcuscope {

struct ServedFile {
    std::string name; // letters, digits, '.', '-' and '_'
    std::string type; // of its contents, for HTTP
    Fd contents;
    std::string origin; // whose pages may read it besides itself; empty: nobody's
};

// For a connection as a whole, however it comes and goes in small parts.
struct ServeLimits {
    std::chrono::milliseconds request{10'000}; // from its begin until all of the request is there
    std::chrono::milliseconds answer{30'000};  // until all of the answer is taken: this and the file at
    std::uint64_t bytes_per_second = 64U << 10U;
    std::chrono::milliseconds farewell{5'000}; // until the other side closes it
    std::size_t connections = 32;              // at once; others wait
};

class FileServer {
public:
    // On 127.0.0.1 only. Port 0: any that is free.
    static Result<FileServer> listen(std::uint16_t port, const ServeLimits& limits = {});

    std::uint16_t port() const { return port_; }
    // With 128 random bits in it: who does not know it is not given the file.
    std::string address(const ServedFile& file) const;

    // Answers until the whole file has been read once: all of it is acknowledged, and the reader has closed the
    // connection in order (Linux resets one that is closed with anything unread). What asks for anything else, or not
    // by this machine's own name, is refused; who is another user is not heard.
    Status serve(const ServedFile& file);

private:
    FileServer(Fd socket, std::uint16_t port, std::string secret, const ServeLimits& limits)
        : socket_(std::move(socket)), port_(port), secret_(std::move(secret)), limits_(limits) {}
    std::string path_of(const ServedFile& file) const { return "/" + secret_ + "/" + file.name; }

    Fd socket_;
    std::uint16_t port_;
    std::string secret_;
    ServeLimits limits_;
};

} // namespace rcuscope
