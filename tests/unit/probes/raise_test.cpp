// SPDX-License-Identifier: BSD-2-Clause
//
// A word that only grows, although programs other_program each other (bpf/raise.h).
#include <functional>
#include <gtest/gtest.h>
#include <utility>

#include "wire.h"

namespace rcuscope::test {
namespace {

std::function<void()> other_program; // runs between the read of the word and its compare-and-swap

rs_u64 exchange_if(rs_u64* word, rs_u64 from, rs_u64 to) {
    if (other_program)
        std::exchange(other_program, nullptr)();
    return __sync_val_compare_and_swap(word, from, to);
}

// NOLINTBEGIN(bugprone-reserved-identifier): the compiler's name
#define __sync_val_compare_and_swap(word, from, to) exchange_if(word, from, to)
// NOLINTEND(bugprone-reserved-identifier)
#include "raise.h"
#undef __sync_val_compare_and_swap

TEST(Raise, OnlyRaises) {
    rs_u64 word = 5;
    rs_raise(&word, 7);
    EXPECT_EQ(word, 7u);
    rs_raise(&word, 6);
    EXPECT_EQ(word, 7u);
}

TEST(Raise, ALowerValueOfAPreemptedProgramDoesNotReplaceAHigherOne) {
    rs_u64 word = 5;
    other_program = [&word] { rs_raise(&word, 20); };
    rs_raise(&word, 10);
    EXPECT_EQ(word, 20u);
}

TEST(Raise, AHigherValueOfAPreemptedProgramStays) {
    rs_u64 word = 5;
    other_program = [&word] { rs_raise(&word, 10); };
    rs_raise(&word, 20);
    EXPECT_EQ(word, 20u);
}

} // namespace
} // namespace rcuscope::test
