// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/code_location.hpp"

#include <array>
#include <deque>
#include <unordered_map>

#include "base/interning.hpp"
#include "base/seeded_hash.hpp"
#include "base/text.hpp"

namespace rcuscope {

namespace {

const CodeLocation nowhere;

struct PlaceHash {
    std::size_t operator()(const CodeLocation& place) const noexcept {
        return hash(place.address, place.function.id(), place.module.id(), place.offset);
    }

    SeededHash hash;
};

} // namespace

std::vector<const CodeLocation*> PooledLocation::places_{&nowhere};

class PooledLocation::Table final : public interning::Table {
public:
    std::uint32_t id_of(const CodeLocation& place) {
        interning::check_thread();
        const auto [known, added] = ids_.try_emplace(place, static_cast<std::uint32_t>(places_.size()));
        if (added)
            places_.push_back(&kept_.emplace_back(place));
        return known->second;
    }
    std::size_t size() const override { return kept_.size(); }
    void shrink(std::size_t size) override {
        for (; kept_.size() > size; kept_.pop_back()) {
            ids_.erase(kept_.back());
            places_.pop_back();
        }
    }

private:
    std::deque<CodeLocation> kept_; // places_ points to its elements
    std::unordered_map<CodeLocation, std::uint32_t, PlaceHash> ids_{{nowhere, 0}};
};

std::uint32_t PooledLocation::id_of(const CodeLocation& place) {
    static Table table;
    return table.id_of(place);
}

namespace {

// Names of locations, without and with the offset.
class NameTable final : public interning::Table {
public:
    PooledString of(PooledLocation place, bool with_offset) {
        interning::check_thread();
        if (place.id() >= names_.size())
            names_.resize(place.id() + 1);
        PooledString& name = names_[place.id()][with_offset ? 1 : 0];
        if (name.empty())
            name = location_name(place, with_offset);
        return name;
    }
    std::size_t size() const override { return names_.size(); }
    // Drops all names: a location that is older than the recording may have a name that is not.
    void shrink(std::size_t) override { names_.clear(); }

private:
    std::vector<std::array<PooledString, 2>> names_; // by the place's id: without the offset, with it
};

} // namespace

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
    static NameTable names;
    return names.of(place, with_offset);
}

} // namespace rcuscope
