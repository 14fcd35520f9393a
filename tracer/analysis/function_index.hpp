// SPDX-License-Identifier: BSD-2-Clause
//
// Numbers the functions that a recording names, so that statistics by function are arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/limit_error.hpp"
#include "base/seeded_hash.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Numbers functions from 0 in the order in which they first occur. The same name at two addresses is one function.
class FunctionIndex {
public:
    struct Name {
        PooledString module;
        PooledString function;
    };

    std::uint32_t of(PooledLocation place) {
        if (place.id() >= by_place_.size())
            by_place_.resize(place.id() + 1, none);
        std::uint32_t& known = by_place_[place.id()];
        if (known == none)
            known = of(*place);
        return known;
    }
    std::uint32_t of(const CodeLocation& place) {
        const std::uint64_t key = std::uint64_t{place.module.id()} << 32 | place.function.id();
        if (key == last_key_ && !names_.empty()) // consecutive callbacks often have the same function
            return last_;
        const auto [found, added] = numbers_.try_emplace(key, static_cast<std::uint32_t>(names_.size()));
        if (added) {
            if (names_.size() == limit)
                too_many();
            names_.push_back({place.module, place.function});
        }
        last_key_ = key;
        return last_ = found->second;
    }

    // A kernel has a few thousand functions that use RCU. The statistics of each take one or two KiB.
    static constexpr std::size_t limit = 65'536;

    std::size_t size() const { return names_.size(); }
    const Name& operator[](std::size_t number) const { return names_[number]; }

private:
    static constexpr auto none = static_cast<std::uint32_t>(-1);

    [[noreturn]] static void too_many() {
        throw LimitError({ExitCode::bad_input, "cannot use this recording",
                          "it names more than " + std::to_string(limit) + " functions, which no recording does",
                          "the file is damaged or forged: record again"});
    }

    std::vector<std::uint32_t> by_place_; // by PooledLocation::id()
    std::unordered_map<std::uint64_t, std::uint32_t, SeededHash> numbers_;
    std::vector<Name> names_;
    std::uint64_t last_key_ = 0;
    std::uint32_t last_ = 0;
};

} // namespace rcuscope
