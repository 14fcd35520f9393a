// SPDX-License-Identifier: BSD-2-Clause
//
// A tournament tree: the smallest of many keys that change one at a time. Unlike in a heap, each change takes the same
// path from its leaf to the root, without unpredictable branches. A "place" is a leaf.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace rcuscope {

// Keys are compared with `<`. A place without a key holds `never`; no key is greater than `never`.
template <typename Key>
class TournamentTree {
public:
    explicit TournamentTree(Key never) : never_(never), nodes_(2, never) {}

    const Key& first() const { return nodes_[1]; }

    // Places are numbered from 0.
    std::size_t places() const { return places_; }
    // Doubles the number of places; the new ones have the numbers after the old ones.
    void add_places() {
        std::vector<Key> nodes(4 * places_, never_);
        std::copy(nodes_.begin() + static_cast<std::ptrdiff_t>(places_), nodes_.end(),
                  nodes.begin() + static_cast<std::ptrdiff_t>(2 * places_));
        places_ *= 2;
        for (std::size_t at = places_; --at > 0;)
            nodes[at] = std::min(nodes[2 * at], nodes[2 * at + 1]);
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

    // The first key if this place had none.
    Key first_but(std::size_t place) const {
        Key key = never_;
        for (std::size_t at = places_ + place; at > 1; at >>= 1)
            key = std::min(key, nodes_[at ^ 1]);
        return key;
    }

private:
    Key never_;
    std::size_t places_ = 1;
    std::vector<Key> nodes_; // the root is at 1, the children of n are at 2 n and 2 n + 1, the places from places_ on
};

} // namespace rcuscope
