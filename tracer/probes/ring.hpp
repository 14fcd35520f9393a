// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

// A BPF ring buffer, mapped. libbpf calls a function for each record; here they are read where they lie.
class Ring {
public:
    // `map`: its descriptor. `bytes`: its size.
    static Result<Ring> map(Fd map, std::size_t bytes);

    Ring(Ring&& other) noexcept;
    Ring& operator=(Ring&&) = delete;
    ~Ring();

    // What was sent and not released, as capture/ring_records.hpp says, in one piece; the newest may be unfinished.
    std::span<const std::byte> unread() const;
    // The first of these bytes, whole records, may be written again.
    void release(std::size_t bytes);

    int fd() const { return map_.get(); }

private:
    Ring(Fd map, std::byte* consumer, std::byte* producer, std::size_t bytes);

    Fd map_;
    // The kernel's layout: a page with the one position, a page with the other, the data twice in a row, so that
    // what goes over its end is in one piece, too.
    std::byte* consumer_;
    std::byte* producer_;
    std::size_t bytes_;
};

} // namespace rcuscope
