// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the lookup of the user at the other end of a loopback connection.
#include "cli/peer_user.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace rcuscope::test {
namespace {

constexpr std::string_view head =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

TEST(SocketOwner, IsInTheRowOfTheOtherEnd) {
    const std::string table =
        std::string(head) + "   0: 0100007F:2329 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 0 564\n"
                            "   1: 0100007F:2329 0100007F:C001 01 00000000:00000000 00:00000000 00000000     5 0 565\n"
                            "   2: 0200007F:C001 0100007F:2329 01 00000000:00000000 00:00000000 00000000     6 0 566\n"
                            "   3: 0100007F:C001 0100007F:2329 01 00000000:00000000 00:00000000 00000000  1000 0 567\n";
    const std::uint32_t here = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(socket_owner(table, here, 0xc001, 9001), 1000U);
    EXPECT_EQ(socket_owner(table, here, 0xc002, 9001), std::nullopt);
    EXPECT_EQ(socket_owner(table, here, 0xc001, 9002), std::nullopt);
}

TEST(SocketOwner, MayBeASocketOfIpv6) {
    const std::string table = std::string(head) +
                              "   0: 0000000000000000FFFF00000100007F:C001 0000000000000000FFFF00000100007F:2329 01 "
                              "00000000:00000000 00:00000000 00000000 33 0 1\n";
    EXPECT_EQ(socket_owner(table, htonl(INADDR_LOOPBACK), 0xc001, 9001), 33U);
}

TEST(SocketOwner, IsNotKnownFromNonsense) {
    for (const char* text : {"", "\n\n", "a b c d e f g h\n", "0: : : 01 0 0 0 0\n",
                             "0: 0100007F:C001 0100007F:2329 01\n", "0: 0100007F:C001 0100007F:2329 01 0 0 0 x\n"})
        EXPECT_EQ(socket_owner(text, htonl(INADDR_LOOPBACK), 0xc001, 9001), std::nullopt) << text;
}

} // namespace
} // namespace rcuscope::test
