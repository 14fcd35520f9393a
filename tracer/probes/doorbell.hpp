// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>

#include "base/error.hpp"

namespace rcuscope {

// How the programs wake user space: a BPF ring buffer of a page, of which only matters whether anything is in it.
class Doorbell {
public:
    // `map`: its descriptor, which stays while this does.
    static Result<Doorbell> map(int map);

    Doorbell(Doorbell&& other) noexcept;
    Doorbell& operator=(Doorbell&&) = delete;
    ~Doorbell();

    // Readable from when it was rung until silence().
    int fd() const { return map_; }
    // What was told before by it can be seen now.
    void silence();

private:
    Doorbell(int map, std::byte* taken, std::byte* put) : map_(map), taken_(taken), put_(put) {}

    int map_;
    // The kernel's layout: a page with the one position, a page with the other.
    std::byte* taken_;
    std::byte* put_;
};

} // namespace rcuscope
