// SPDX-License-Identifier: BSD-2-Clause
//
// The BPF programs wake user space through a one-page BPF ring buffer. Its content is irrelevant: the descriptor is
// readable while the buffer holds anything.
#pragma once

#include <cstddef>

#include "base/error.hpp"

namespace rcuscope {

class Doorbell {
public:
    // `map`: the ring buffer's descriptor, which must stay open as long as the Doorbell exists.
    static Result<Doorbell> map(int map);

    Doorbell(Doorbell&& other) noexcept;
    Doorbell& operator=(Doorbell&&) = delete;
    ~Doorbell();

    // Readable from the moment a program puts something into the buffer until silence().
    int fd() const { return map_; }
    // Empties the buffer. Afterwards all that the programs wrote before they rang is visible.
    void silence();

private:
    Doorbell(int map, std::byte* taken, std::byte* put) : map_(map), taken_(taken), put_(put) {}

    int map_;
    // The kernel's layout of a ring buffer: one page holds the consumer position, the next the producer position.
    std::byte* taken_;
    std::byte* put_;
};

} // namespace rcuscope
