// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "capture/unpacking.hpp"

namespace rcuscope {

// Where an event stands among all: by time, then CPU, then as sent, which is
// the offset of its chunk in the file: later chunks of a CPU were sent later.
struct Place {
    std::uint64_t ns = 0;
    std::uint32_t cpu = 0;
    std::uint64_t offset = 0;

    auto key() const { return std::tie(ns, cpu, offset); }
    friend bool operator<(const Place& a, const Place& b) { return a.key() < b.key(); }
    friend bool operator==(const Place& a, const Place& b) { return a.key() == b.key(); }
};

// The records of a chunk in the order of time.
struct OpenChunk {
    std::vector<std::byte> payload; // as for_each_record() takes it
    std::uint64_t offset = 0;       // in the file
    std::uint32_t cpu = 0;
    std::uint64_t records = 0; // that have a time; more than none
    std::uint64_t first_ns = 0;

    // Puts the payload's records in order, of equal times as sent. False if it holds none, or is no records.
    // `seen`: what is known of them; `spare`: memory to be used.
    bool begin(const Unpacked& seen, std::vector<std::byte>& spare);

    Place place() const { return {first_ns, cpu, offset}; } // of the first

    // The memory that it needs; it may have twice as much.
    std::size_t bytes() const { return bookkeeping_bytes + payload.size(); }
    static constexpr std::size_t bookkeeping_bytes = 256;
};

} // namespace rcuscope
