// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/code_place.hpp"

#include <array>
#include <deque>
#include <unordered_map>

#include "base/text.hpp"

namespace rcuscope {

namespace {

const CodePlace nowhere;

struct PlaceHash {
    std::size_t operator()(const CodePlace& place) const {
        constexpr std::uint64_t spread = 0x9e3779b97f4a7c15;
        const std::uint64_t name = std::uint64_t{place.function.id()} << 32 | place.module.id();
        return ((place.address * spread ^ name) * spread ^ place.offset) * spread >> 20;
    }
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
