// SPDX-License-Identifier: BSD-2-Clause
//
// What a function's registers may hold where it calls others: forward constant propagation over its control flow.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "kernel/code.hpp"

namespace rcuscope {

// One thing that a register may hold.
struct Atom {
    enum class Kind : std::uint8_t {
        place,     // an address in the module: `place`
        external,  // the address of what is not in the module: symbol `number`
        loaded,    // what memory at `place` held
        parameter, // the function's own, `number` counts from 0
        result,    // of the call at `place`, or a pointer into what it points to
        number,    // `place.offset`
    };

    Kind kind = Kind::number;
    std::uint32_t number = 0;
    KoElf::Place place;

    auto operator<=>(const Atom&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself
};

// All that a register may hold. Anything, where that is not known or too much.
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
    // The only thing that it can hold.
    const Atom* single() const { return !any_ && atoms_.size() == 1 ? &atoms_.front() : nullptr; }
    // Whether this changed.
    bool join(const Value& other);
    bool operator==(const Value&) const = default;

private:
    static constexpr std::size_t most = 4;

    bool any_ = false;
    std::vector<Atom> atoms_; // sorted
};

struct CallValues {
    static constexpr std::size_t arguments = 6;

    std::array<Value, arguments> argument; // rdi, rsi, rdx, rcx, r8, r9
};

struct FunctionValues {
    std::map<KoElf::Place, CallValues> calls; // by the place of a call or tail call
    // Own functions of which the function writes the address into the module's data: where to.
    std::vector<Code::DataPointer> stores;
    // Results of calls that it keeps in the module's data: by the place of the call, where.
    std::map<KoElf::Place, KoElf::Place> kept;
};

FunctionValues values_of(const Code& code, std::size_t function);

} // namespace rcuscope
