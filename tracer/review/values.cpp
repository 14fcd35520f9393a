// SPDX-License-Identifier: BSD-2-Clause
#include "review/values.hpp"

#include <Zydis/Zydis.h>
#include <algorithm>
#include <set>

#include "review/registers.hpp"

namespace rcuscope {

bool Value::join(const Value& other) {
    if (any_)
        return false;
    if (other.any_) {
        *this = anything();
        return true;
    }
    bool changed = false;
    for (const Atom& atom : other.atoms_) {
        const auto at = std::lower_bound(atoms_.begin(), atoms_.end(), atom);
        if (at != atoms_.end() && *at == atom)
            continue;
        atoms_.insert(at, atom);
        changed = true;
    }
    if (atoms_.size() > limit)
        *this = anything();
    return changed;
}

namespace {

// Limit for one function, in instructions. It bounds the time for hostile files; the propagation ends anyway, since
// each state changes a bounded number of times.
constexpr std::size_t max_steps = 4'000'000;

constexpr std::array<std::size_t, CallValues::arguments> parameters{rdi, rsi, rdx, rcx, r8, r9};

using State = std::array<Value, registers>;

class Propagation {
public:
    Propagation(const Code& code, std::size_t function) : code_(code), function_(function) {
        ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    }

    FunctionValues run() {
        State entry;
        entry.fill(Value::anything());
        for (std::uint32_t i = 0; i < parameters.size(); i++)
            entry[parameters[i]] = Value::of({Atom::Kind::parameter, i, {}});
        reach(code_.functions()[function_].place, entry);
        for (std::size_t steps = 0; !waiting_.empty() && steps < max_steps;) {
            const KoElf::SectionOffset from = *waiting_.begin();
            waiting_.erase(waiting_.begin());
            steps += follow(from, states_.at(from));
        }
        return std::move(found_);
    }

private:
    void reach(const KoElf::SectionOffset& place, const State& state) {
        const auto [known, fresh] = states_.try_emplace(place, state);
        bool changed = fresh;
        if (!fresh)
            for (std::size_t i = 0; i < registers; i++)
                changed = known->second[i].join(state[i]) || changed;
        if (changed)
            waiting_.insert(place);
    }

    // Follows the code from a state to the next branch, jump, or section offset with a state. Returns the number of
    // instructions.
    std::size_t follow(KoElf::SectionOffset at, State state) {
        for (std::size_t steps = 1;; steps++) {
            const Instruction86* instruction = code_.instruction_at(at);
            if (!instruction)
                return steps;
            const Code::Next next = code_.after(at.section, *instruction);
            if (instruction->flow == Flow::call || instruction->flow == Flow::indirect_call || next.returns)
                note_call(at, state);
            if (instruction->flow == Flow::next)
                execute(at, *instruction, state);
            else if (instruction->flow == Flow::call || instruction->flow == Flow::indirect_call)
                after_call(at, state);
            if (next.count == 1 && instruction->flow != Flow::jump && !states_.contains(next.places[0])) {
                at = next.places[0];
                continue;
            }
            for (std::size_t i = 0; i < next.count; i++)
                reach(next.places[i], state);
            return steps;
        }
    }

    void note_call(const KoElf::SectionOffset& at, const State& state) {
        CallValues values;
        for (std::size_t i = 0; i < CallValues::arguments; i++)
            values.argument[i] = state[parameters[i]];
        const auto [known, fresh] = found_.calls.try_emplace(at, values);
        if (!fresh)
            for (std::size_t i = 0; i < CallValues::arguments; i++)
                known->second.argument[i].join(values.argument[i]);
    }

    static void after_call(const KoElf::SectionOffset& at, State& state) {
        for (const std::size_t scratch : {rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11})
            state[scratch] = Value::anything();
        state[rax] = Value::of({Atom::Kind::result, 0, at});
    }

    static std::optional<std::size_t> number_of(const ZydisDecodedOperand& operand) {
        if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER)
            return std::nullopt;
        return general(operand.reg.value);
    }

    static std::optional<std::size_t> general(ZydisRegister reg) {
        const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
        if (ZydisRegisterGetClass(whole) != ZYDIS_REGCLASS_GPR64)
            return std::nullopt;
        return static_cast<std::size_t>(ZydisRegisterGetId(whole));
    }

    static Atom atom_of(const CodeRef& ref) {
        if (ref.is_external())
            return {Atom::Kind::external, ref.number, {}};
        return {Atom::Kind::place, 0, {ref.number, static_cast<std::uint64_t>(ref.offset)}};
    }

    // The address of a memory operand; anything if it has an index register.
    Value address_of(const KoElf::SectionOffset& at, const ZydisDecodedInstruction& decoded,
                     const ZydisDecodedOperand& operand, const State& state) const {
        const auto& memory = operand.mem;
        const std::uint64_t begin = at.offset;
        if (memory.segment == ZYDIS_REGISTER_GS || memory.segment == ZYDIS_REGISTER_FS)
            return Value::anything();
        const CodeRef ref =
            decoded.raw.disp.size >= 32
                ? code_.ref_at(at.section, begin + decoded.raw.disp.offset,
                               begin + decoded.raw.disp.offset + decoded.raw.disp.size / 8, begin + decoded.length)
                : CodeRef{};
        if (ref.kind != CodeRef::Kind::none)
            return memory.base == ZYDIS_REGISTER_RIP ||
                           (memory.base == ZYDIS_REGISTER_NONE && memory.index == ZYDIS_REGISTER_NONE)
                       ? Value::of(atom_of(ref))
                       : Value::anything();
        const auto base = general(memory.base);
        if (!base || memory.index != ZYDIS_REGISTER_NONE)
            return Value::anything();
        return moved(state[*base], memory.disp.has_displacement ? memory.disp.value : 0);
    }

    static Value moved(const Value& value, std::int64_t by) {
        if (by == 0 || value.may_be_anything())
            return value;
        Value sum;
        for (Atom atom : value.atoms()) {
            if (atom.kind == Atom::Kind::place || atom.kind == Atom::Kind::number)
                atom.place.offset += static_cast<std::uint64_t>(by);
            else if (atom.kind != Atom::Kind::result)
                return Value::anything();
            sum.join(Value::of(atom));
        }
        return sum;
    }

    static Value loaded(const Value& address) {
        if (address.may_be_anything())
            return address;
        Value value;
        for (const Atom& atom : address.atoms()) {
            if (atom.kind != Atom::Kind::place)
                return Value::anything();
            value.join(Value::of({Atom::Kind::loaded, 0, atom.place}));
        }
        return value;
    }

    Value value_of(const KoElf::SectionOffset& at, const ZydisDecodedInstruction& decoded,
                   const ZydisDecodedOperand& operand, const State& state) const {
        if (const auto reg = number_of(operand))
            return operand.size >= 32 ? state[*reg] : Value::anything();
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY)
            return operand.size == 64 ? loaded(address_of(at, decoded, operand, state)) : Value::anything();
        if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
            const auto& field = decoded.raw.imm[0];
            const std::uint64_t from = at.offset + field.offset;
            const CodeRef ref = code_.ref_at(at.section, from, from + field.size / 8, at.offset + decoded.length);
            return Value::of(ref.kind != CodeRef::Kind::none ? atom_of(ref)
                                                             : Atom{Atom::Kind::number, 0, {0, operand.imm.value.u}});
        }
        return Value::anything();
    }

    void execute(const KoElf::SectionOffset& at, const Instruction86& instruction, State& state) {
        ZydisDecodedInstruction decoded;
        std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
        const auto bytes = code_.bytes(at);
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder_, bytes.data(),
                                                 std::min<std::size_t>(bytes.size(), instruction.size), &decoded,
                                                 operands.data())))
            return;
        Value result = Value::anything();
        const auto to = number_of(operands[0]);
        switch (decoded.mnemonic) {
        case ZYDIS_MNEMONIC_MOV:
            result = value_of(at, decoded, operands[1], state);
            if (operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY)
                note_store(address_of(at, decoded, operands[0], state), result);
            break;
        case ZYDIS_MNEMONIC_LEA:
            result = address_of(at, decoded, operands[1], state);
            break;
        case ZYDIS_MNEMONIC_XOR:
            if (to && to == number_of(operands[1]))
                result = Value::of({Atom::Kind::number, 0, {}});
            break;
        case ZYDIS_MNEMONIC_ADD:
        case ZYDIS_MNEMONIC_SUB:
            if (to && operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && decoded.raw.imm[0].size > 0) {
                const Value amount = value_of(at, decoded, operands[1], state);
                const Atom* number = amount.single();
                if (number && number->kind == Atom::Kind::number) {
                    const auto by = static_cast<std::int64_t>(number->place.offset);
                    result = moved(state[*to], decoded.mnemonic == ZYDIS_MNEMONIC_ADD ? by : -by);
                }
            }
            break;
        default:
            if (decoded.meta.category == ZYDIS_CATEGORY_CMOV && to) {
                result = state[*to];
                result.join(value_of(at, decoded, operands[1], state));
            }
        }
        const bool plain = to && operands[0].size >= 32 && operands[0].visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT;
        for (std::size_t i = 0; i < decoded.operand_count; i++)
            if (const auto written = number_of(operands[i]);
                written && (operands[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) && *written != rsp)
                state[*written] = i == 0 && plain ? result : Value::anything();
    }

    void note_store(const Value& to, const Value& value) {
        const Atom* place = to.single();
        const Atom* stored = value.single();
        if (!place || !stored || place->kind != Atom::Kind::place)
            return;
        if (stored->kind == Atom::Kind::result)
            found_.kept.try_emplace(stored->place, place->place);
        if (stored->kind != Atom::Kind::place)
            return;
        const auto function =
            code_.function_beginning(CodeRef{CodeRef::Kind::place, static_cast<std::uint32_t>(stored->place.section),
                                             static_cast<std::int64_t>(stored->place.offset)});
        if (function)
            found_.stores.push_back({place->place, *function});
    }

    const Code& code_;
    std::size_t function_;
    ZydisDecoder decoder_;
    std::map<KoElf::SectionOffset, State> states_; // by section offset, where control flows may join
    std::set<KoElf::SectionOffset> waiting_;
    FunctionValues found_;
};

} // namespace

FunctionValues values_of(const Code& code, std::size_t function) {
    return Propagation(code, function).run();
}

} // namespace rcuscope
