// SPDX-License-Identifier: BSD-2-Clause
//
// Seeded hash functions for tables whose keys come from a file, a user or the kernel. Each process draws its hash keys
// from the system's random source, so that an attacker cannot choose table keys that collide: n chosen table keys take
// O(n) expected time. The order of such a table changes from run to run and must not reach any output.
//
// Integers: multiply-shift with 128-bit products, which is strongly universal for as many of the low bits as a table
// uses (M. Dietzfelbinger, "Universal hashing and k-wise independent random variables via integer arithmetic without
// primes", STACS 1996). Multiply-shift preserves arithmetic progressions such as addresses, for which some hash keys
// are bad. So mixed() follows, a bijection, which does not weaken the universality. Text: SipHash-1-3 (J.-P. Aumasson
// and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012).
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rcuscope {

struct HashKeys {
    static constexpr std::size_t max_words = 4;

    struct Multiplier {
        std::uint64_t low = 0;
        std::uint64_t high = 0;
    };
    std::array<Multiplier, max_words> multipliers; // one for each word of a table key
    Multiplier addend;
    std::array<std::uint64_t, 2> text; // for SipHash

    // The keys of this process, drawn at the first call.
    static const HashKeys& of_process();
};

class SeededHash {
public:
    using is_transparent = void;

    SeededHash() : keys_(&HashKeys::of_process()) {}
    explicit SeededHash(const HashKeys& keys) : keys_(&keys) {} // the keys must outlive it

    // The hash of one to four integers.
    template <std::integral... Words>
    std::size_t operator()(Words... words) const noexcept {
        static_assert(sizeof...(Words) <= HashKeys::max_words);
        Product sum = Product{keys_->addend.high} << 64 | keys_->addend.low;
        std::size_t i = 0;
        ((sum += product(keys_->multipliers[i++], static_cast<std::uint64_t>(words))), ...);
        return mixed(static_cast<std::uint64_t>(sum >> 64));
    }
    std::size_t operator()(std::string_view text) const noexcept;

private:
    __extension__ using Product = unsigned __int128;

    static Product product(const HashKeys::Multiplier& multiplier, std::uint64_t word) {
        const std::uint64_t high = multiplier.high * word; // the product is modulo 2^128
        return Product{multiplier.low} * word + (Product{high} << 64);
    }

    static std::size_t mixed(std::uint64_t word) {
        word = (word ^ word >> 32) * 0x9e3779b97f4a7c15;
        return word ^ word >> 32;
    }

    const HashKeys* keys_;
};

} // namespace rcuscope
