// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <span>

namespace rcuscope::fuzz {

// Performs the operations of all commands on a capture file and checks their output. Under a fuzzer, each input gets
// only one of the operations, chosen by its bytes, because more inputs find more.
void look_at_capture(std::span<const std::byte> file);

} // namespace rcuscope::fuzz
