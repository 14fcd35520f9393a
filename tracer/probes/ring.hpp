// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.hpp"
#include "event_ring_layout.h"

namespace rcuscope {

// A map of the programs, mapped until this goes.
class MappedMemory {
public:
    // `map`: the descriptor of an array. `bytes`: of all its elements.
    static Result<MappedMemory> map(int map, std::size_t bytes);

    MappedMemory(MappedMemory&& other) noexcept;
    MappedMemory& operator=(MappedMemory&&) = delete;
    ~MappedMemory();

    std::span<std::byte> bytes() const { return {begin_, bytes_}; }

private:
    MappedMemory(std::byte* begin, std::size_t bytes) : begin_(begin), bytes_(bytes) {}

    std::byte* begin_;
    std::size_t bytes_;
};

// A CPU's ring of records, as the programs have it (bpf/event_ring.h), from user space's side. Positions count bytes
// since it was made.
class Ring {
public:
    // How many segments it takes. `bytes`: its size, a power of two.
    static std::uint32_t segments_for(std::size_t bytes);

    // `segments`: its memory, all zero. Both stay while this does.
    Ring(rs_ring& ring, std::span<std::byte> segments, std::size_t bytes);

    // From where on nothing was released, and up to where something was sent or is being written.
    std::uint64_t begin() const { return ring_->tail; }
    std::uint64_t end() const { return __atomic_load_n(&ring_->head, __ATOMIC_ACQUIRE); }

    // What lies at a position, in one piece, as capture/ring_records.hpp says; there may be more behind it. Empty:
    // `to` is reached.
    std::span<const std::byte> piece(std::uint64_t from, std::uint64_t to) const;
    // Where the next record begins if those before take so many bytes.
    static std::uint64_t after(std::uint64_t from, std::size_t bytes) { return rs_ring_next(from + bytes); }

    // What lies before may be written again.
    void release(std::uint64_t to);
    // Whether so much was sent since release() that the programs will not say so.
    bool fills_up() const { return end() >= ring_->wake_at; }

private:
    std::span<std::byte> piece_of(std::uint64_t from, std::uint64_t to) const;

    rs_ring* ring_;
    std::span<std::byte> segments_;
    std::size_t bytes_;
};

} // namespace rcuscope
