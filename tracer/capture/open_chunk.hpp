// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <tuple>
#include <vector>

#include "capture/payload.hpp"

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

// The records of a chunk, one at a time in the order of time.
class OpenChunk {
public:
    std::vector<std::byte> payload;
    std::uint64_t offset = 0; // in the file
    std::uint32_t cpu = 0;

    // Begins with the first record of the payload. False if it holds none, or is no records.
    bool begin();

    std::uint64_t records() const { return records_; } // that have a time
    std::uint64_t ns() const { return ns_; }
    Place place() const { return {ns_, cpu, offset}; }
    std::span<const std::byte> record() const { return {at_ + sizeof size_, size_}; }
    bool done() const { return left_ == 0; }
    void next() {
        if (--left_ != 0) {
            ++at_ref_;
            at_ += sizeof size_ + size_;
            look();
        }
    }
    // The memory that it needs; it may have twice as much.
    std::size_t bytes() const {
        constexpr std::size_t bookkeeping = 256;
        return bookkeeping + payload.size() + sorted_.size() * sizeof(Ref);
    }

private:
    struct Ref {
        std::uint64_t ns = 0;
        std::uint32_t begin = 0; // of its size, in the payload

        auto key() const { return std::tie(ns, begin); }
    };

    void sort();
    void look() {
        if (!sorted_.empty()) [[unlikely]] {
            at_ = payload.data() + sorted_[at_ref_].begin;
        }
        std::memcpy(&size_, at_, sizeof size_);
        std::memcpy(&ns_, at_ + sizeof size_, sizeof ns_);
    }

    std::vector<Ref> sorted_; // by time, then as sent; none: they were sent so
    std::uint64_t records_ = 0;
    std::size_t left_ = 0;
    std::size_t at_ref_ = 0;        // of those that were sorted
    const std::byte* at_ = nullptr; // its size, in the payload
    std::uint64_t ns_ = 0;
    RecordSize size_ = 0;
};

} // namespace rcuscope
