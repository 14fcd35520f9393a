// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/shared_text.hpp"

namespace rcuscope {

// A place in code. All texts come from the kernel: untrusted.
struct CodePlace {
    std::uint64_t address = 0; // 0: not known
    SharedText function;       // empty: no name known for the address
    SharedText module;         // empty: the kernel proper
    std::uint64_t offset = 0;  // address minus the function's start
    bool in_init = false;      // of a followed module: in code that is freed when its init function has returned

    bool known() const { return address != 0 || !function.empty(); }
    bool operator==(const CodePlace&) const = default;
};

// "rcucmap:node_free", "free_module"; with `with_offset` "rcucmap:node_free+0x12".
// An address without a name reads "unknown" (never the address itself).
std::string place_name(const CodePlace& place, bool with_offset);

class SharedPlace;
// The same, made once for each place.
SharedText shared_name(SharedPlace place, bool with_offset);

// A place of which a recording has few and names each a million times: as a SharedText is a text, this is a number, and
// each different place is kept once (base/interning.hpp says for how long).
class SharedPlace {
public:
    SharedPlace() = default;
    SharedPlace(const CodePlace& place) : id_(id_of(place)) {}
    SharedPlace& operator=(const CodePlace& place) { return *this = SharedPlace(place); }

    const CodePlace& operator*() const { return *places_[id_]; }
    const CodePlace* operator->() const { return places_[id_]; }
    operator const CodePlace&() const { return **this; }
    std::uint32_t id() const { return id_; } // in the order in which they came: of no meaning elsewhere

    friend bool operator==(SharedPlace, SharedPlace) = default;

private:
    class Table;
    static std::uint32_t id_of(const CodePlace& place);

    static std::vector<const CodePlace*> places_; // by id; 0 is the one that is not known
    std::uint32_t id_ = 0;
};

} // namespace rcuscope
