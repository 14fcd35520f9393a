// SPDX-License-Identifier: BSD-2-Clause
//
// Whose a connection over the loopback is. Another user's process can connect to any port of this machine, and read
// an address that stands on a command line (a browser's); the kernel knows to whom the socket at the other end belongs.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace rcuscope {

// In the text of /proc/net/tcp or tcp6: the owner of the socket that is bound to this IPv4 address (as in sockaddr_in)
// and port (of this machine's byte order) and connected to `to_port`.
std::optional<uid_t> socket_owner(std::string_view table, std::uint32_t address, std::uint16_t port,
                                  std::uint16_t to_port);

// Whether the other end of this connection belongs to this user, to who called sudo, or to root, who may read all
// anyway. Where there are no such tables nothing is known, and nobody is sent away.
bool is_of_this_user(int connection);

} // namespace rcuscope
