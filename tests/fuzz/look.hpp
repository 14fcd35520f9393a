// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <span>

namespace rcuscope::fuzz {

// Does with a capture file whatever the commands do with one, and checks what
// must hold of all that they write. Where a fuzzer runs, of all that only a part for each
// input, chosen by its bytes: more inputs tell more.
void look_at_capture(std::span<const std::byte> file);

} // namespace rcuscope::fuzz
