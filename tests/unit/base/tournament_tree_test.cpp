// SPDX-License-Identifier: BSD-2-Clause
#include "base/tournament_tree.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace rcuscope {
namespace {

constexpr int never = 1000;

TEST(TournamentTree, OfNoneThereIsNoFirst) {
    const TournamentTree<int> tournament(never);
    EXPECT_EQ(tournament.first(), never);
}

TEST(TournamentTree, TheLeastIsTheFirstWhateverChanges) {
    std::mt19937 random(3);
    TournamentTree<int> tournament(never);
    std::vector<int> keys(tournament.places(), never);
    for (int step = 0; step < 20000; step++) {
        if (step % 3000 == 2999) {
            tournament.add_places();
            keys.resize(tournament.places(), never);
        }
        const std::size_t place = random() % keys.size();
        keys[place] = random() % 4 == 0 ? never : static_cast<int>(random() % 100);
        tournament.set(place, keys[place]);
        ASSERT_EQ(tournament.first(), *std::min_element(keys.begin(), keys.end()));
        std::vector<int> others = keys;
        others[place] = never;
        ASSERT_EQ(tournament.first_but(place), *std::min_element(others.begin(), others.end()));
    }
    EXPECT_GT(keys.size(), 32U);
}

} // namespace
} // namespace rcuscope
