// SPDX-License-Identifier: BSD-2-Clause
#include "base/seeded_hash.hpp"

#include <bit>
#include <cerrno>
#include <cstring>
#include <random>
#include <span>
#include <sys/random.h>

namespace rcuscope {

namespace {

// Early after boot getrandom() would block until the kernel has gathered randomness. In that case, and if getrandom()
// is missing, the C++ library provides another source.
void fill_randomly(std::span<std::byte> out) {
    while (!out.empty()) {
        const ssize_t got = ::getrandom(out.data(), out.size(), GRND_NONBLOCK);
        if (got > 0)
            out = out.subspan(static_cast<std::size_t>(got));
        else if (errno != EINTR)
            break;
    }
    if (!out.empty()) {
        std::random_device source;
        for (std::byte& byte : out)
            byte = static_cast<std::byte>(source());
    }
}

HashKeys drawn_keys() {
    HashKeys keys{};
    fill_randomly(std::as_writable_bytes(std::span(&keys, 1)));
    return keys;
}

class SipHash {
public:
    explicit SipHash(const std::array<std::uint64_t, 2>& key)
        : v_{0x736f6d6570736575 ^ key[0], 0x646f72616e646f6d ^ key[1], 0x6c7967656e657261 ^ key[0],
             0x7465646279746573 ^ key[1]} {}

    std::uint64_t of(std::string_view text) {
        const std::uint64_t length = text.size();
        for (; text.size() >= sizeof(std::uint64_t); text.remove_prefix(sizeof(std::uint64_t)))
            compress(word(text.substr(0, sizeof(std::uint64_t))));
        compress(word(text) | length << 56);
        v_[2] ^= 0xff;
        for (int i = 0; i < finalization_rounds; i++)
            round();
        return v_[0] ^ v_[1] ^ v_[2] ^ v_[3];
    }

private:
    static constexpr int finalization_rounds = 3;

    static std::uint64_t word(std::string_view bytes) {
        std::uint64_t word = 0;
        if (!bytes.empty())
            std::memcpy(&word, bytes.data(), bytes.size());
        return word;
    }

    void compress(std::uint64_t word) {
        v_[3] ^= word;
        round();
        v_[0] ^= word;
    }

    void round() {
        v_[0] += v_[1];
        v_[2] += v_[3];
        v_[1] = std::rotl(v_[1], 13) ^ v_[0];
        v_[3] = std::rotl(v_[3], 16) ^ v_[2];
        v_[0] = std::rotl(v_[0], 32);
        v_[2] += v_[1];
        v_[0] += v_[3];
        v_[1] = std::rotl(v_[1], 17) ^ v_[2];
        v_[3] = std::rotl(v_[3], 21) ^ v_[0];
        v_[2] = std::rotl(v_[2], 32);
    }

    std::array<std::uint64_t, 4> v_;
};

} // namespace

const HashKeys& HashKeys::of_process() {
    static const HashKeys keys = drawn_keys();
    return keys;
}

std::size_t SeededHash::operator()(std::string_view text) const noexcept {
    return SipHash(keys_->text).of(text);
}

} // namespace rcuscope
