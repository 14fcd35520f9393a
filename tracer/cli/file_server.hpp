// SPDX-License-Identifier: BSD-2-Clause
//
// One file over HTTP, to a browser on this machine, until it has been fetched.
#pragma once

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

class FileServer {
public:
    // On 127.0.0.1 only. Port 0: any that is free.
    static Result<FileServer> listen(std::uint16_t port);

    std::uint16_t port() const { return port_; }
    std::string address(const ServedFile& file) const;

    // Answers until the whole file has gone out once. What asks for anything else,
    // or not by this machine's own name, is refused.
    Status serve(const ServedFile& file);

private:
    FileServer(Fd socket, std::uint16_t port) : socket_(std::move(socket)), port_(port) {}
    bool answer(int client, const ServedFile& file) const;

    Fd socket_;
    std::uint16_t port_;
};

} // namespace rcuscope
