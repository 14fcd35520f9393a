// SPDX-License-Identifier: BSD-2-Clause
//
// Possible values of a function's registers at the calls that it makes: forward constant propagation over its control
// flow.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "kernel/code.hpp"

namespace rcuscope {

// One possible value of a register.
struct Atom {
    enum class Kind : std::uint8_t {
        place,     // the address of section offset `place` in the module
        external,  // the address of imported symbol `number`
        loaded,    // the content of memory at `place`
        parameter, // parameter `number` of the function, from 0
        result,    // the result of the call at `place`, or a pointer into the object at that result
        number,    // the constant `place.offset`
    };

    Kind kind = Kind::number;
    std::uint32_t number = 0;
    KoElf::SectionOffset place;

    auto operator<=>(const Atom&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself
};

// The set of possible values of a register. `anything` if it is not known or has more than `most` atoms.
class Value {
public:
    static Value anything() {
        Value value;
        value.any_ = true;
        return value;
    }
    static Value of(const Atom& atom) {
        Value value;
        value.atoms_.push_back(atom);
        return value;
    }

    bool may_be_anything() const { return any_; }
    const std::vector<Atom>& atoms() const { return atoms_; }
    // The only possible value; nullptr if there are others.
    const Atom* single() const { return !any_ && atoms_.size() == 1 ? &atoms_.front() : nullptr; }
    // Adds the other set; returns whether this one changed.
    bool join(const Value& other);
    bool operator==(const Value&) const = default;

private:
    static constexpr std::size_t limit = 4;

    bool any_ = false;
    std::vector<Atom> atoms_; // sorted
};

struct CallValues {
    static constexpr std::size_t arguments = 6;

    std::array<Value, arguments> argument; // rdi, rsi, rdx, rcx, r8, r9
};

struct FunctionValues {
    std::map<KoElf::SectionOffset, CallValues> calls; // by the section offset of the call or tail call
    // Writes of the address of an own function into the module's data.
    std::vector<Code::DataPointer> stores;
    // Results of calls that it stores in the module's data: section offset of the call to that of the variable.
    std::map<KoElf::SectionOffset, KoElf::SectionOffset> kept;
};

FunctionValues values_of(const Code& code, std::size_t function);

} // namespace rcuscope
