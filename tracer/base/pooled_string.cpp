// SPDX-License-Identifier: BSD-2-Clause
#include "base/pooled_string.hpp"

#include <ostream>

namespace rcuscope {

StringPool::StringPool() : Bindable("texts of a recording") {
    id_of("");
}

std::uint32_t StringPool::id_of(std::string_view text) {
    if (const auto known = ids_.find(text); known != ids_.end())
        return known->second;
    const std::string& own = kept_.emplace_back(text);
    const auto id = static_cast<std::uint32_t>(texts_.size());
    texts_.push_back(&own);
    ids_.emplace(own, id);
    return id;
}

std::ostream& operator<<(std::ostream& out, PooledString text) {
    return out << text.str();
}

} // namespace rcuscope
