// SPDX-License-Identifier: BSD-2-Clause
//
// The consumer's side of a CPU's ring of records, in memory that is shared with the BPF programs, which are the
// producers (bpf/event_ring.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.hpp"
#include "event_ring_layout.h"

namespace rcuscope {

// A BPF array map, mapped into user space. The destructor unmaps it.
class MappedMemory {
public:
    // `map`: the descriptor of a BPF array. `bytes`: the size of all its elements.
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

// The ring of one CPU. A ring position counts bytes since the ring was made, and only grows.
class Ring {
public:
    // The number of segments of a ring. `bytes`: the ring's size, a power of two.
    static std::uint32_t segments_for(std::size_t bytes);

    // `segments`: the ring's memory, all zero. `ring` and `segments` must outlive this object.
    Ring(rs_ring& ring, std::span<std::byte> segments, std::size_t bytes);

    // The first position that is not released, and the position up to which producers have reserved room: records
    // before end() may not be whole yet.
    std::uint64_t begin() const { return ring_->tail; }
    std::uint64_t end() const { return __atomic_load_n(&ring_->head, __ATOMIC_ACQUIRE); }

    // The bytes from `from` on that are contiguous in memory, in the layout of capture/ring_records.hpp; more may
    // follow at a later position. Empty if `from` has reached `to`.
    std::span<const std::byte> piece(std::uint64_t from, std::uint64_t to) const;
    // The position of the next record if the records from `from` on take this many bytes.
    static std::uint64_t after(std::uint64_t from, std::size_t bytes) { return rs_ring_next(from + bytes); }

    // Frees the room before `to` for the producers.
    void release(std::uint64_t to);
    // Whether so much was reserved since release() that the producers do not wake the consumer again: one of them
    // wakes it when the head passes wake_at.
    bool fills_up() const { return end() >= ring_->wake_at; }

private:
    std::span<std::byte> piece_of(std::uint64_t from, std::uint64_t to) const;

    rs_ring* ring_;
    std::span<std::byte> segments_;
    std::size_t bytes_;
};

} // namespace rcuscope
