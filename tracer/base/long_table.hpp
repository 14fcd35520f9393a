// SPDX-License-Identifier: BSD-2-Clause
//
// A table by 64-bit keys that grows with the events of a recording: what does not fit into memory lies in a temporary
// file, as of a LongList, of which it is made. Nothing is erased one by one: keep_if() makes the table anew.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/long_list.hpp"

namespace rcuscope {

// Linear probing, at most half full.
template <typename Value, typename Hash>
class LongTable {
public:
    std::size_t size() const { return size_; }

    // Good until the table grows. Nothing: there is none.
    Value* find(std::uint64_t key) {
        if (size_ == 0) {
            return nullptr;
        }
        Slot& slot = slot_of(key);
        return slot.used ? &slot.value : nullptr;
    }

    // One that is not there is added.
    Value& operator[](std::uint64_t key) {
        if (2 * (size_ + 1) > slots_.size()) {
            rebuild(slots_.empty() ? least_slots : 2 * slots_.size(), [](const Value&) { return true; });
        }
        return add(key);
    }

    // Leaves room for as many again as are kept.
    template <typename Keep>
    void keep_if(Keep keep) {
        std::size_t kept = 0;
        for_each([&](const Value& value) { kept += keep(value) ? 1U : 0U; });
        rebuild(std::max(least_slots, std::bit_ceil(4 * kept)), keep);
    }

    // In an order that is another one in each process.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (const Slot& slot : slots_) {
            if (slot.used) {
                visit(slot.value);
            }
        }
    }

private:
    struct Slot {
        std::uint64_t key = 0;
        Value value{};
        bool used = false;
    };
    static constexpr std::size_t least_slots = 64; // powers of two

    Slot& slot_of(std::uint64_t key) {
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t place = hash_(key) & mask;; place = (place + 1) & mask) {
            Slot& slot = slots_[place];
            if (slot.key == key || !slot.used) {
                return slot;
            }
        }
    }

    Value& add(std::uint64_t key) {
        Slot& slot = slot_of(key);
        if (!slot.used) {
            slot.key = key;
            slot.used = true;
            size_++;
        }
        return slot.value;
    }

    template <typename Keep>
    void rebuild(std::size_t slots, Keep keep) {
        const LongList<Slot> old = std::move(slots_);
        slots_.resize(slots);
        size_ = 0;
        for (const Slot& slot : old) {
            if (slot.used && keep(slot.value)) {
                add(slot.key) = slot.value;
            }
        }
    }

    Hash hash_;
    LongList<Slot> slots_;
    std::size_t size_ = 0;
};

} // namespace rcuscope
