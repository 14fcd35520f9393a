// SPDX-License-Identifier: BSD-2-Clause
//
// Compressed modules: .ko.xz, .ko.zst and .ko.gz, told apart by their first bytes.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace rcuscope {

// A compressed file is refused that unpacks to more than so many times its size, and to more than 16 MiB: modules are 3
// to 6 times their packed size, and the few that are hundreds of times larger (test_bpf) are small.
inline constexpr std::uint64_t most_unpacked_times = 64;

// The content of a compressed file; nothing where it is not compressed. The error says what is wrong with it.
tl::expected<std::optional<std::string>, std::string> unpack(int fd);

} // namespace rcuscope
