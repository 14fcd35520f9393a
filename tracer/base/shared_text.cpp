// SPDX-License-Identifier: BSD-2-Clause
#include "base/shared_text.hpp"

#include <deque>
#include <ostream>
#include <unordered_map>

#include "base/seeded_hash.hpp"

namespace rcuscope {

static const std::string no_text;

std::vector<const std::string*> SharedText::texts_{&no_text};

std::uint32_t SharedText::id_of(std::string_view text) {
    static std::deque<std::string> kept; // which never moves them
    static std::unordered_map<std::string_view, std::uint32_t, SeededHash> ids;
    if (const auto known = ids.find(text); known != ids.end()) {
        return known->second;
    }
    const std::string& own = kept.emplace_back(text);
    const auto id = static_cast<std::uint32_t>(texts_.size());
    texts_.push_back(&own);
    ids.emplace(own, id);
    return id;
}

std::ostream& operator<<(std::ostream& out, SharedText text) {
    return out << text.str();
}

} // namespace rcuscope
