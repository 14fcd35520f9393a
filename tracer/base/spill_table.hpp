// SPDX-License-Identifier: BSD-2-Clause
//
// A hash table with 64-bit keys that spills to disk, for data that grows with the events of a recording. It stores its
// slots in a SpillVector. It cannot erase single entries; keep_if() rebuilds the table.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/spill_vector.hpp"

namespace rcuscope {

// Linear probing; at most half of the slots are used.
template <typename Value, typename Hash>
class SpillTable {
public:
    std::size_t size() const { return size_; }

    // Null if the key is absent. The pointer is valid until the table grows or keep_if() rebuilds it.
    Value* find(std::uint64_t key) {
        if (size_ == 0)
            return nullptr;
        Slot& slot = slot_of(key);
        return slot.used ? &slot.value : nullptr;
    }

    // Adds the key, with a default value, if it is absent.
    Value& operator[](std::uint64_t key) {
        if (2 * (size_ + 1) > slots_.size())
            rebuild(slots_.empty() ? least_slots : 2 * slots_.size(), [](const Value&) { return true; });
        return add(key);
    }

    // Removes the other entries. Leaves room for as many new entries as it keeps.
    template <typename Keep>
    void keep_if(Keep keep) {
        std::size_t kept = 0;
        for_each([&](const Value& value) { kept += keep(value) ? 1U : 0U; });
        rebuild(std::max(least_slots, std::bit_ceil(4 * kept)), keep);
    }

    // The order differs between processes if the hash is seeded (seeded_hash.hpp).
    template <typename Visit>
    void for_each(Visit visit) const {
        for (const Slot& slot : slots_)
            if (slot.used)
                visit(slot.value);
    }

private:
    struct Slot {
        std::uint64_t key = 0;
        Value value{};
        bool used = false;
    };
    static constexpr std::size_t least_slots = 64; // the number of slots is a power of two

    Slot& slot_of(std::uint64_t key) {
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t place = hash_(key) & mask;; place = (place + 1) & mask) {
            Slot& slot = slots_[place];
            if (slot.key == key || !slot.used)
                return slot;
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
        const SpillVector<Slot> old = std::move(slots_);
        slots_.resize(slots);
        size_ = 0;
        for (const Slot& slot : old)
            if (slot.used && keep(slot.value))
                add(slot.key) = slot.value;
    }

    Hash hash_;
    SpillVector<Slot> slots_;
    std::size_t size_ = 0;
};

} // namespace rcuscope
