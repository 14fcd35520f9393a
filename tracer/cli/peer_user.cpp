// SPDX-License-Identifier: BSD-2-Clause
#include "cli/peer_user.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstdlib>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "base/file.hpp"

namespace rcuscope {

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; (at = line.find_first_not_of(' ', at)) != std::string_view::npos;) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
    return words;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text, int base) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

struct End {
    std::uint32_t address = 0; // IPv4 address, or the last four bytes of an IPv6 address; network byte order
    std::uint16_t port = 0;
};

// Parses "0100007F:2329" (IPv4) or "0000000000000000FFFF00000100007F:2329" (IPv6).
std::optional<End> end_of(std::string_view text) {
    constexpr int hexadecimal = 16;
    constexpr std::size_t address_digits = 8;
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon < address_digits)
        return std::nullopt;
    const auto address = number_of<std::uint32_t>(text.substr(colon - address_digits, address_digits), hexadecimal);
    const auto port = number_of<std::uint16_t>(text.substr(colon + 1), hexadecimal);
    if (!address || !port)
        return std::nullopt;
    return End{*address, *port};
}

bool is_trusted(uid_t user) {
    if (user == 0 || user == ::geteuid() || user == ::getuid())
        return true;
    const char* caller = ::geteuid() == 0 ? std::getenv("SUDO_UID") : nullptr; // NOLINT(concurrency-mt-unsafe)
    return caller != nullptr && number_of<uid_t>(caller, 10) == user;
}

} // namespace

std::optional<uid_t> socket_owner(std::string_view table, std::uint32_t address, std::uint16_t port,
                                  std::uint16_t to_port) {
    // Columns: number, local end, other end, state, queues, timer, retransmissions, owner.
    constexpr std::size_t owner = 7;
    for (const std::string_view line : split_lines(table)) {
        const auto words = words_of(line);
        if (words.size() <= owner)
            continue;
        const auto local = end_of(words[1]);
        const auto other = end_of(words[2]);
        if (local && other && local->address == address && local->port == port && other->port == to_port)
            return number_of<uid_t>(words[owner], 10);
    }
    return std::nullopt;
}

bool is_of_this_user(int connection) {
    sockaddr_in peer{};
    sockaddr_in own{};
    socklen_t length = sizeof peer;
    if (::getpeername(connection, reinterpret_cast<sockaddr*>(&peer), &length) != 0)
        return false;
    length = sizeof own;
    if (::getsockname(connection, reinterpret_cast<sockaddr*>(&own), &length) != 0)
        return false;
    bool known = false;
    // An IPv6 socket can be connected to an IPv4 address.
    for (const char* path : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
        const auto table = read_file(path);
        if (!table)
            continue;
        known = true;
        if (const auto user = socket_owner(*table, peer.sin_addr.s_addr, ntohs(peer.sin_port), ntohs(own.sin_port)))
            return is_trusted(*user);
    }
    return !known;
}

} // namespace rcuscope
