// SPDX-License-Identifier: BSD-2-Clause
#include "base/pooled_string.hpp"

#include <deque>
#include <ostream>
#include <unordered_map>

#include "base/interning.hpp"
#include "base/seeded_hash.hpp"

namespace rcuscope {

static const std::string no_text;

std::vector<const std::string*> PooledString::texts_{&no_text};

class PooledString::Table final : public interning::Table {
public:
    std::uint32_t id_of(std::string_view text) {
        interning::check_thread();
        if (const auto known = ids_.find(text); known != ids_.end())
            return known->second;
        const std::string& own = kept_.emplace_back(text);
        const auto id = static_cast<std::uint32_t>(texts_.size());
        texts_.push_back(&own);
        ids_.emplace(own, id);
        return id;
    }
    std::size_t size() const override { return kept_.size(); }
    void shrink(std::size_t size) override {
        for (; kept_.size() > size; kept_.pop_back()) {
            ids_.erase(kept_.back());
            texts_.pop_back();
        }
    }

private:
    std::deque<std::string> kept_; // a deque, so that the strings never move
    std::unordered_map<std::string_view, std::uint32_t, SeededHash> ids_;
};

std::uint32_t PooledString::id_of(std::string_view text) {
    static Table table;
    return table.id_of(text);
}

std::ostream& operator<<(std::ostream& out, PooledString text) {
    return out << text.str();
}

} // namespace rcuscope
