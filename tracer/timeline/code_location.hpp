// SPDX-License-Identifier: BSD-2-Clause
//
// Locations: a code address with its symbol. A recording has few different locations and refers to each very often, so
// they are interned (PooledLocation).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/pooled_string.hpp"

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
// location_name(), interned.
PooledString pooled_name(PooledLocation place, bool with_offset);

// An interned CodeLocation: one number, like a PooledString. Each different location is stored once; base/interning.hpp
// says for how long.
class PooledLocation {
public:
    PooledLocation() = default;
    PooledLocation(const CodeLocation& place) : id_(id_of(place)) {}
    PooledLocation& operator=(const CodeLocation& place) { return *this = PooledLocation(place); }

    const CodeLocation& operator*() const { return *places_[id_]; }
    const CodeLocation* operator->() const { return places_[id_]; }
    operator const CodeLocation&() const { return **this; }
    std::uint32_t id() const { return id_; } // in order of first use; has no meaning outside this process

    friend bool operator==(PooledLocation, PooledLocation) = default;

private:
    class Table;
    static std::uint32_t id_of(const CodeLocation& place);

    static std::vector<const CodeLocation*> places_; // by id; id 0 is the unknown location
    std::uint32_t id_ = 0;
};

} // namespace rcuscope
