// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/instruction.hpp"

#include <algorithm>
#include <string_view>

namespace rcuscope {

namespace {

// The opcode maps of the manuals, one letter for each opcode:
//   .  nothing follows          m  ModRM                   g  ModRM, and an immediate byte if reg is 0 or 1
//   b  a byte                   M  ModRM and a byte        G  ModRM, and 16 or 32 bits if reg is 0 or 1
//   w  16 bits                  Z  ModRM and 16 or 32 bits
//   z  16 or 32 bits            v  16, 32 or 64 bits       j  32 bits, and no operand-size prefix
//   !  unknown here, or a prefix, which is read before the opcode
constexpr std::string_view one_byte = "mmmmbz!!mmmmbz!!" // 00
                                      "mmmmbz!!mmmmbz!!"
                                      "mmmmbz!!mmmmbz!!"
                                      "mmmmbz!!mmmmbz!!"
                                      "!!!!!!!!!!!!!!!!" // 40: REX
                                      "................"
                                      "!!!m!!!!zZbM...."
                                      "bbbbbbbbbbbbbbbb"
                                      "MZ!Mmmmmmmmmmmm!" // 80
                                      "..........!....."
                                      "!!!!....bz......"
                                      "bbbbbbbbvvvvvvvv"
                                      "MMw.!!MZ!.w..b!." // c0
                                      "mmmm!!!.mmmmmmmm"
                                      "bbbbbbbbjj!b...."
                                      "!.!!..gG......mm";

constexpr std::string_view after_0f = "mmmm!.....!.!m.!" // 00
                                      "mmmmmmmmmmmmmmmm"
                                      "mmmm!!!!mmmmmmmm"
                                      "......!.!!!!!!!!"
                                      "mmmmmmmmmmmmmmmm" // 40
                                      "mmmmmmmmmmmmmmmm"
                                      "mmmmmmmmmmmmmmmm"
                                      "MMMMmmm.!!!!mmmm"
                                      "jjjjjjjjjjjjjjjj" // 80
                                      "mmmmmmmmmmmmmmmm"
                                      "...mMm!!...mMmmm"
                                      "mmmmmmmmmmMmmmmm"
                                      "mmMmMMMm........" // c0
                                      "mmmmmmmmmmmmmmmm"
                                      "mmmmmmmmmmmmmmmm"
                                      "mmmmmmmmmmmmmmm!";

static_assert(one_byte.size() == 256 && after_0f.size() == 256);

constexpr std::size_t longest = 15;          // bytes of any instruction
constexpr std::size_t max_prefixes = 4;      // different prefixes; the kernel's decoder accepts no more
constexpr unsigned char operand_size = 0x66; // prefix

bool is_prefix(unsigned char byte) {
    constexpr unsigned char all[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, operand_size, 0x67, 0xf0, 0xf2, 0xf3};
    return std::find(std::begin(all), std::end(all), byte) != std::end(all);
}

class Decoder {
public:
    explicit Decoder(std::span<const unsigned char> code) : code_(code.first(std::min(code.size(), longest))) {}

    std::optional<Instruction> decode() {
        const char kind = read_prefixes() ? read_opcode() : '!';
        if (kind == '!' || (kind == 'j' && short_operands_))
            return std::nullopt;
        const bool has_modrm = std::string_view("mMZgG").find(kind) != std::string_view::npos;
        std::size_t displacement = 0;
        unsigned reg = 0;
        if (has_modrm && !read_modrm(displacement, reg))
            return std::nullopt;
        const std::size_t size = at_ + displacement + immediate(kind, reg);
        return size <= code_.size() ? std::optional(Instruction{at_, size}) : std::nullopt;
    }

private:
    std::optional<unsigned char> next() { return at_ < code_.size() ? std::optional(code_[at_++]) : std::nullopt; }

    bool read_prefixes() {
        std::size_t different = 0;
        for (; at_ < code_.size() && is_prefix(code_[at_]); at_++) {
            const auto before = code_.first(at_);
            if (std::find(before.begin(), before.end(), code_[at_]) == before.end() && ++different > max_prefixes)
                return false;
            short_operands_ = short_operands_ || code_[at_] == operand_size;
        }
        if (at_ < code_.size() && (code_[at_] & 0xf0) == 0x40) { // REX
            long_operands_ = code_[at_] & 8;
            at_++;
        }
        return true;
    }

    char read_opcode() {
        auto opcode = next();
        if (!opcode)
            return '!';
        if (*opcode != 0x0f)
            return one_byte[*opcode];
        opcode = next();
        if (!opcode)
            return '!';
        if (*opcode == 0x38 || *opcode == 0x3a)
            return !next() ? '!' : *opcode == 0x38 ? 'm' : 'M';
        return after_0f[*opcode];
    }

    bool read_modrm(std::size_t& displacement, unsigned& reg) {
        const auto modrm = next();
        if (!modrm)
            return false;
        const unsigned mod = *modrm >> 6;
        unsigned base = *modrm & 7;
        reg = *modrm >> 3 & 7;
        if (mod == 3)
            return true;
        if (base == 4) {
            const auto sib = next();
            if (!sib)
                return false;
            base = *sib & 7;
        }
        displacement = mod == 1 ? 1 : mod == 2 || base == 5 ? 4 : 0;
        return true;
    }

    std::size_t immediate(char kind, unsigned reg) const {
        const std::size_t usual = short_operands_ && !long_operands_ ? 2 : 4;
        switch (kind) {
        case 'b':
        case 'M':
            return 1;
        case 'w':
            return 2;
        case 'j':
            return 4;
        case 'z':
        case 'Z':
            return usual;
        case 'v':
            return long_operands_ ? 8 : usual;
        case 'g':
            return reg < 2 ? 1 : 0;
        case 'G':
            return reg < 2 ? usual : 0;
        default:
            return 0;
        }
    }

    std::span<const unsigned char> code_;
    std::size_t at_ = 0;
    bool short_operands_ = false;
    bool long_operands_ = false;
};

} // namespace

std::optional<Instruction> instruction_at(std::span<const unsigned char> code) {
    return Decoder(code).decode();
}

} // namespace rcuscope
