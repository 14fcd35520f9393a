// SPDX-License-Identifier: BSD-2-Clause
#include "cli/file_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <vector>

namespace rcuscope {
namespace {

constexpr std::size_t longest_request = 16384;

tl::unexpected<Error> cannot_listen(std::uint16_t port, int error) {
    std::string hint;
    if (error == EADDRINUSE)
        hint = "another program listens there, perhaps another rcuscope open: end it, or export to a file instead";
    return fail(ExitCode::cannot_here, "cannot listen on 127.0.0.1:" + std::to_string(port), errno_text(error),
                std::move(hint));
}

// Up to the empty line; what is longer, slower or breaks off is none.
std::string read_request(int client) {
    std::string request;
    std::array<char, 2048> part{};
    while (request.find("\r\n\r\n") == std::string::npos && request.size() < longest_request) {
        const ssize_t got = ::recv(client, part.data(), part.size(), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return {};
        request.append(part.data(), static_cast<std::size_t>(got));
    }
    return request;
}

bool send_all(int client, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

// Not sendfile(), which has no MSG_NOSIGNAL.
bool send_file(int client, int file) {
    std::vector<char> part(64U << 10);
    off_t at = 0;
    ssize_t got = 0;
    while ((got = ::pread(file, part.data(), part.size(), at)) > 0) {
        if (!send_all(client, {part.data(), static_cast<std::size_t>(got)}))
            return false;
        at += got;
    }
    return got == 0;
}

std::string header(const std::string& request, std::string_view name) {
    for (const std::string_view line : split_lines(request)) {
        const bool same = line.size() > name.size() && line[name.size()] == ':' &&
                          std::equal(name.begin(), name.end(), line.begin(),
                                     [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
        if (!same)
            continue;
        std::string_view value = line.substr(name.size() + 1);
        while (!value.empty() && value.front() == ' ')
            value.remove_prefix(1);
        while (!value.empty() && (value.back() == '\r' || value.back() == ' '))
            value.remove_suffix(1);
        return std::string(value);
    }
    return {};
}

} // namespace

Result<FileServer> FileServer::listen(std::uint16_t port) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket)
        return cannot_listen(port, errno);
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), generic, length) != 0 || ::listen(socket.get(), 8) != 0 ||
        ::getsockname(socket.get(), generic, &length) != 0)
        return cannot_listen(port, errno);
    return FileServer(std::move(socket), ntohs(address.sin_port));
}

std::string FileServer::address(const ServedFile& file) const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + file.name;
}

// True if the whole file went out.
bool FileServer::answer(int client, const ServedFile& file) const {
    const std::string request = read_request(client);
    const std::string start = request.substr(0, request.find("\r\n"));
    const std::string host = header(request, "host");
    const std::string port = ":" + std::to_string(port_);
    const std::string at = " /" + file.name + " HTTP/1.";
    const auto asks = [&](std::string_view method) {
        return start.starts_with(method) && start.substr(method.size()).starts_with(at);
    };
    std::string common = "Cache-Control: no-cache\r\nConnection: close\r\n";
    if (!file.origin.empty())
        common += "Access-Control-Allow-Origin: " + file.origin + "\r\n";
    // By another name of this address a page of somebody else's could read it (DNS rebinding).
    if (host != "127.0.0.1" + port && host != "localhost" + port) {
        send_all(client, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return false;
    }
    if (asks("OPTIONS")) {
        send_all(client, "HTTP/1.1 204 No Content\r\n" + common +
                             "Access-Control-Allow-Methods: GET\r\nAccess-Control-Allow-Headers: *\r\n"
                             "Access-Control-Allow-Private-Network: true\r\n\r\n");
        return false;
    }
    if (!asks("GET") && !asks("HEAD")) {
        send_all(client, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n" + common + "\r\n");
        return false;
    }
    common += "X-Content-Type-Options: nosniff\r\n";
    const off_t size = ::lseek(file.contents.get(), 0, SEEK_END);
    return send_all(client, "HTTP/1.1 200 OK\r\nContent-Type: " + file.type +
                                "\r\nContent-Length: " + std::to_string(size) + "\r\n" + common + "\r\n") &&
           asks("GET") && send_file(client, file.contents.get());
}

Status FileServer::serve(const ServedFile& file) {
    for (;;) {
        const Fd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!client) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            return fail(ExitCode::cannot_here, "cannot serve " + file.name, errno_text(errno));
        }
        // Browsers open connections ahead of need: none may keep the others waiting.
        const timeval patience{2, 0};
        ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (!answer(client.get(), file))
            continue;
        // The last bytes are on their way; closing must not cut them off.
        ::shutdown(client.get(), SHUT_WR);
        std::array<char, 256> rest{};
        while (::recv(client.get(), rest.data(), rest.size(), 0) > 0) {
        }
        return {};
    }
}

} // namespace rcuscope
