// SPDX-License-Identifier: BSD-2-Clause
//
// Which of many is the first, when one of them changes at a time: as with a heap, but each change goes the same way
// up from its place, without a branch that cannot be foreseen.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace rcuscope {

// Keys are told apart by `<`. A place that has none has `never`, which no key is behind.
template <typename Key>
class Tournament {
public:
    explicit Tournament(Key never) : never_(never), nodes_(2, never) {}

    const Key& first() const { return nodes_[1]; }

    // They are numbers from 0.
    std::size_t places() const { return places_; }
    // As many again, behind those that there are.
    void add_places() {
        std::vector<Key> nodes(4 * places_, never_);
        std::copy(nodes_.begin() + static_cast<std::ptrdiff_t>(places_), nodes_.end(),
                  nodes.begin() + static_cast<std::ptrdiff_t>(2 * places_));
        places_ *= 2;
        for (std::size_t at = places_; --at > 0;) {
            nodes[at] = std::min(nodes[2 * at], nodes[2 * at + 1]);
        }
        nodes_ = std::move(nodes);
    }

    void set(std::size_t place, Key key) {
        Key* const nodes = nodes_.data();
        std::size_t at = places_ + place;
        nodes[at] = key;
        while (at > 1) {
            const Key other = nodes[at ^ 1];
            key = other < key ? other : key;
            at >>= 1;
            nodes[at] = key;
        }
    }

    // What would be the first if this place had no key.
    Key first_but(std::size_t place) const {
        Key key = never_;
        for (std::size_t at = places_ + place; at > 1; at >>= 1) {
            key = std::min(key, nodes_[at ^ 1]);
        }
        return key;
    }

private:
    Key never_;
    std::size_t places_ = 1;
    std::vector<Key> nodes_; // the first at 1; of the one at n there are the two at 2 n and 2 n + 1; then the places
};

} // namespace rcuscope
