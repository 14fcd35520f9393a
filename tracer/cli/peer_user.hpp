// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the user at the other end of a loopback connection. Any user's process can connect to a port of this machine,
// and can read the URL on the browser's command line. The owner of the peer's socket is in /proc/net/tcp and tcp6.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace rcuscope {

// Finds, in the text of /proc/net/tcp or tcp6, the owner of the socket that is bound to this IPv4 address (in network
// byte order, as in sockaddr_in) and port (in host byte order) and connected to `to_port`. Returns nothing if there is
// none.
std::optional<uid_t> socket_owner(std::string_view table, std::uint32_t address, std::uint16_t port,
                                  std::uint16_t to_port);

// Whether the peer of this connection belongs to this user, to the user who called sudo, or to root, who can read
// everything anyway. True if neither table can be read.
bool is_of_this_user(int connection);

} // namespace rcuscope
