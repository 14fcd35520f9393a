// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/code_location.hpp"

#include "base/text.hpp"

namespace rcuscope {

LocationPool::LocationPool() : Bindable("locations of a recording") {
    id_of(CodeLocation());
}

std::uint32_t LocationPool::id_of(const CodeLocation& place) {
    const auto [known, added] = ids_.try_emplace(place, static_cast<std::uint32_t>(places_.size()));
    if (added)
        places_.push_back(&kept_.emplace_back(place));
    return known->second;
}

PooledString LocationPool::name(PooledLocation place, bool with_offset) {
    if (place.id() >= names_.size())
        names_.resize(place.id() + 1);
    PooledString& name = names_[place.id()][with_offset ? 1 : 0];
    if (name.empty())
        name = location_name((*this)[place.id()], with_offset);
    return name;
}

std::string location_name(const CodeLocation& place, bool with_offset) {
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

PooledString pooled_name(PooledLocation place, bool with_offset) {
    return Binding<LocationPool>::current().name(place, with_offset);
}

} // namespace rcuscope
