// SPDX-License-Identifier: BSD-2-Clause
//
// Fuzzes capture files as bytes. The checksums of their chunks are corrected first.
#include "chunks.hpp"
#include "look.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rcuscope::fuzz;
    look_at_capture(put_together(take_apart(bytes_of(data, size))));
    return 0;
}
