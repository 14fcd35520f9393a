// SPDX-License-Identifier: BSD-2-Clause
//
// A decompressed events chunk whose records are sorted by time: the input of the merge (merge.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "capture/unpacking.hpp"

namespace rcuscope {

// The sort key of an event: its time, then its CPU, then the order of sending. The position of its chunk in the file
// stands for the latter, since later chunks of a CPU were sent later.
struct EventOrder {
    std::uint64_t ns = 0;
    std::uint32_t cpu = 0;
    std::uint64_t offset = 0;

    auto key() const { return std::tie(ns, cpu, offset); }
    friend bool operator<(const EventOrder& a, const EventOrder& b) { return a.key() < b.key(); }
    friend bool operator==(const EventOrder& a, const EventOrder& b) { return a.key() == b.key(); }
};

// An events chunk with its records in the order of time.
struct OpenChunk {
    std::vector<std::byte> payload; // format: for_each_record() in payload.hpp
    std::uint64_t offset = 0;       // position of the chunk in the file
    std::uint32_t cpu = 0;
    std::uint64_t records = 0; // records with a time; at least one after begin()
    std::uint64_t first_ns = 0;

    // Sorts the payload's records by time; records with equal times keep the order of sending. Returns false if no
    // record has a time, or if the payload is malformed. `seen`: what the unpacking saw of the records. `spare`: a
    // scratch buffer, with which the payload may be swapped.
    bool begin(const Unpacked& seen, std::vector<std::byte>& spare);

    EventOrder place() const { return {first_ns, cpu, offset}; } // of the first record

    // The memory that it needs; the payload's capacity may be twice as large.
    std::size_t bytes() const { return bookkeeping_bytes + payload.size(); }
    static constexpr std::size_t bookkeeping_bytes = 256;
};

} // namespace rcuscope
