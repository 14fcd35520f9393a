// SPDX-License-Identifier: BSD-2-Clause
//
// Locations: a code address with its symbol. A recording has few different locations and refers to each very often, so
// they are interned (PooledLocation).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/binding.hpp"
#include "base/pooled_string.hpp"
#include "base/seeded_hash.hpp"

namespace rcuscope {

// A location. All texts come from the kernel and are untrusted.
struct CodeLocation {
    std::uint64_t address = 0; // 0: not known
    PooledString function;     // empty: no name known for the address
    PooledString module;       // empty: the kernel proper
    std::uint64_t offset = 0;  // address minus the function's start, in bytes
    bool in_init = false; // in init code of a followed module, which the kernel frees after the init function returned

    bool known() const { return address != 0 || !function.empty(); }
    bool operator==(const CodeLocation&) const = default;
};

// "rcucmap:node_free", "free_module"; with `with_offset` "rcucmap:node_free+0x12". An address without a name gives
// "unknown": the text never shows a kernel address.
std::string location_name(const CodeLocation& place, bool with_offset);

class PooledLocation;

// The different locations of a recording, and their names. The texts in them are those of the StringPool that is bound
// together with it (timeline/recording.hpp).
class LocationPool : public Bindable {
public:
    LocationPool();

    std::uint32_t id_of(const CodeLocation& place); // adds the location if the pool does not have it
    const CodeLocation& operator[](std::uint32_t id) const { return *places_[id]; }
    PooledString name(PooledLocation place, bool with_offset); // location_name()
    std::size_t size() const { return places_.size(); }

private:
    struct Hash {
        std::size_t operator()(const CodeLocation& place) const noexcept {
            return hash(place.address, place.function.id(), place.module.id(), place.offset);
        }

        SeededHash hash;
    };

    std::deque<CodeLocation> kept_;           // a deque, so that the locations never move
    std::vector<const CodeLocation*> places_; // by id; 0 is the unknown location
    std::unordered_map<CodeLocation, std::uint32_t, Hash> ids_;
    std::vector<std::array<PooledString, 2>> names_; // by id: without the offset, with it; empty: not asked for yet
};

// location_name() as a text of the bound pool.
PooledString pooled_name(PooledLocation place, bool with_offset);

// An interned CodeLocation: an id in the LocationPool that the thread has bound (base/binding.hpp), as a PooledString
// is one in a StringPool.
class PooledLocation {
public:
    PooledLocation() = default;
    PooledLocation(const CodeLocation& place) : id_(Binding<LocationPool>::current().id_of(place)) {}
    PooledLocation& operator=(const CodeLocation& place) { return *this = PooledLocation(place); }

    const CodeLocation& operator*() const { return Binding<LocationPool>::current()[id_]; }
    const CodeLocation* operator->() const { return &**this; }
    operator const CodeLocation&() const { return **this; }
    std::uint32_t id() const { return id_; } // in order of first use; meaningful in its pool only

    friend bool operator==(PooledLocation, PooledLocation) = default;

private:
    std::uint32_t id_ = 0;
};

} // namespace rcuscope
