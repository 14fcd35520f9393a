// SPDX-License-Identifier: BSD-2-Clause
//
// Locations: a code address with its symbol. A recording has few different locations and refers to each very often, so
// they are interned (SharedPlace).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/shared_text.hpp"

namespace rcuscope {

// A location. All texts come from the kernel and are untrusted.
struct CodePlace {
    std::uint64_t address = 0; // 0: not known
    SharedText function;       // empty: no name known for the address
    SharedText module;         // empty: the kernel proper
    std::uint64_t offset = 0;  // address minus the function's start, in bytes
    bool in_init = false; // in init code of a followed module, which the kernel frees after the init function returned

    bool known() const { return address != 0 || !function.empty(); }
    bool operator==(const CodePlace&) const = default;
};

// "rcucmap:node_free", "free_module"; with `with_offset` "rcucmap:node_free+0x12". An address without a name gives
// "unknown": the text never shows a kernel address.
std::string place_name(const CodePlace& place, bool with_offset);

class SharedPlace;
// place_name(), interned.
SharedText shared_name(SharedPlace place, bool with_offset);

// An interned CodePlace: one number, like a SharedText. Each different location is stored once; base/interning.hpp says
// for how long.
class SharedPlace {
public:
    SharedPlace() = default;
    SharedPlace(const CodePlace& place) : id_(id_of(place)) {}
    SharedPlace& operator=(const CodePlace& place) { return *this = SharedPlace(place); }

    const CodePlace& operator*() const { return *places_[id_]; }
    const CodePlace* operator->() const { return places_[id_]; }
    operator const CodePlace&() const { return **this; }
    std::uint32_t id() const { return id_; } // in order of first use; has no meaning outside this process

    friend bool operator==(SharedPlace, SharedPlace) = default;

private:
    class Table;
    static std::uint32_t id_of(const CodePlace& place);

    static std::vector<const CodePlace*> places_; // by id; id 0 is the unknown location
    std::uint32_t id_ = 0;
};

} // namespace rcuscope
