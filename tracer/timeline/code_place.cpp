// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/code_place.hpp"

#include <array>
#include <deque>
#include <unordered_map>

#include "base/seeded_hash.hpp"
#include "base/text.hpp"

namespace rcuscope {

namespace {

const CodePlace nowhere;

struct PlaceHash {
    std::size_t operator()(const CodePlace& place) const {
        return hash(place.address, place.function.id(), place.module.id(), place.offset);
    }

    SeededHash hash;
};

} // namespace

std::vector<const CodePlace*> SharedPlace::places_{&nowhere};

std::uint32_t SharedPlace::id_of(const CodePlace& place) {
    static std::deque<CodePlace> kept; // which never moves them
    static std::unordered_map<CodePlace, std::uint32_t, PlaceHash> ids{{nowhere, 0}};
    const auto [known, added] = ids.try_emplace(place, static_cast<std::uint32_t>(places_.size()));
    if (added) {
        places_.push_back(&kept.emplace_back(place));
    }
    return known->second;
}

std::string place_name(const CodePlace& place, bool with_offset) {
    if (place.function.empty())
        return "unknown";
    std::string name;
    if (!place.module.empty())
        name = place.module + ':';
    name += place.function;
    if (with_offset)
        (name += '+') += hex(place.offset);
    return name;
}

SharedText shared_name(SharedPlace place, bool with_offset) {
    static std::vector<std::array<SharedText, 2>> names; // by the place's id: without the offset, with it
    if (place.id() >= names.size()) {
        names.resize(place.id() + 1);
    }
    SharedText& name = names[place.id()][with_offset ? 1 : 0];
    if (name.empty()) {
        name = place_name(place, with_offset);
    }
    return name;
}

} // namespace rcuscope
