// SPDX-License-Identifier: BSD-2-Clause
//
// Unpacks compressed modules: .ko.xz, .ko.zst and .ko.gz, recognised by their first bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace rcuscope {

// Limit of the ratio of unpacked to packed size; it applies above 16 MiB. Modules unpack to 3 to 6 times their packed
// size, and the few that unpack to hundreds of times that (test_bpf) are small.
inline constexpr std::uint64_t max_unpacked_times = 64;

// The unpacked content; nothing if the file is not compressed. The error says what is wrong with the file.
tl::expected<std::optional<std::string>, std::string> unpack(int fd);

} // namespace rcuscope
