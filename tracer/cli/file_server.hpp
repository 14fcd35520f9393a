// SPDX-License-Identifier: BSD-2-Clause
//
// Serves one file over HTTP (cpp-httplib) to a browser of this user on this machine, until it has been fetched once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/file.hpp"

namespace rcuscope {

struct ServedFile {
    std::string name; // letters, digits, '.', '-' and '_'
    std::string type; // the Content-Type
    Fd contents;
    std::string origin; // a web origin whose pages may read the file; empty for none
};

// Limits for a whole connection, so that a client cannot prolong it with many small reads and writes.
struct ServeLimits {
    std::chrono::milliseconds request{10'000};   // from the start of the connection to the end of the request
    std::chrono::milliseconds answer{30'000};    // for the answer, in addition to the file at bytes_per_second
    std::uint64_t bytes_per_second = 64U << 10U; // the slowest client that gets the whole file
    std::chrono::milliseconds farewell{5'000};   // from the end of the answer until the client closes
    std::size_t connections = 32;                // at a time; more connections wait
};

class FileServer {
public:
    // Listens on 127.0.0.1. Port 0 selects a free port. Errors are ExitCode::cannot_here.
    static Result<FileServer> listen(std::uint16_t port, const ServeLimits& limits = {});

    std::uint16_t port() const { return port_; }
    // The URL. It contains 128 random bits, without which a client does not get the file.
    std::string address(const ServedFile& file) const;

    // Serves until one client has read the whole file: it has acknowledged every byte and closed the connection in
    // order (Linux resets a connection that is closed with unread data). Refuses other paths and requests whose Host
    // header does not name this machine. Closes connections of other users without an answer.
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
