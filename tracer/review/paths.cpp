// SPDX-License-Identifier: BSD-2-Clause
#include "review/paths.hpp"

#include <Zydis/Zydis.h>
#include <algorithm>
#include <array>
#include <compare>
#include <map>
#include <set>
#include <tuple>

#include "review/registers.hpp"

namespace rcuscope {

namespace {

constexpr int deepest_nesting = 3;
// A path enters each step at most this often, which bounds loops.
constexpr std::uint8_t max_visits = 2;
// Limit of one search, in instructions.
constexpr std::size_t max_work = 300'000;

// Symbolic value of a register or of memory. Equal ids mean equal values; different ids may still have equal values.
using Id = std::uint32_t;

// The question that a conditional jump decides: how the flags were set, and the condition without its negation.
struct Question {
    enum class Of : std::uint8_t { compare, test, bit };

    Of of = Of::compare;
    Id left = 0;
    Id right = 0;
    std::uint8_t condition = 0; // condition code of the instruction with bit 0 cleared

    auto operator<=>(const Question&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself
};

struct Address {
    Id base = 0;
    Id index = 0;
    std::uint8_t scale = 0;
    std::uint8_t segment = 0;
    std::int64_t offset = 0;
    CodeRef ref;

    auto operator<=>(const Address&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself
};

// State of a path under search.
struct Walk {
    std::size_t step = 0;
    int depth = 0;
    std::array<Id, registers> reg{};
    std::map<Address, Id> memory;
    std::map<Question, bool> answers;
    std::map<Id, Id> equal;        // ids known to equal that of a constant
    std::optional<Question> flags; // how the flags were set; its condition is not used
    std::map<std::size_t, std::uint8_t> visits;
    FoundPath path;
};

// Condition code of a jcc, setcc or cmovcc instruction; bit 0 negates it.
std::optional<std::uint8_t> condition_of(ZydisMnemonic mnemonic) {
    using Row = std::tuple<ZydisMnemonic, ZydisMnemonic, ZydisMnemonic, std::uint8_t>;
    constexpr std::array<Row, 16> rows{{
        {ZYDIS_MNEMONIC_JO, ZYDIS_MNEMONIC_SETO, ZYDIS_MNEMONIC_CMOVO, 0},
        {ZYDIS_MNEMONIC_JNO, ZYDIS_MNEMONIC_SETNO, ZYDIS_MNEMONIC_CMOVNO, 1},
        {ZYDIS_MNEMONIC_JB, ZYDIS_MNEMONIC_SETB, ZYDIS_MNEMONIC_CMOVB, 2},
        {ZYDIS_MNEMONIC_JNB, ZYDIS_MNEMONIC_SETNB, ZYDIS_MNEMONIC_CMOVNB, 3},
        {ZYDIS_MNEMONIC_JZ, ZYDIS_MNEMONIC_SETZ, ZYDIS_MNEMONIC_CMOVZ, 4},
        {ZYDIS_MNEMONIC_JNZ, ZYDIS_MNEMONIC_SETNZ, ZYDIS_MNEMONIC_CMOVNZ, 5},
        {ZYDIS_MNEMONIC_JBE, ZYDIS_MNEMONIC_SETBE, ZYDIS_MNEMONIC_CMOVBE, 6},
        {ZYDIS_MNEMONIC_JNBE, ZYDIS_MNEMONIC_SETNBE, ZYDIS_MNEMONIC_CMOVNBE, 7},
        {ZYDIS_MNEMONIC_JS, ZYDIS_MNEMONIC_SETS, ZYDIS_MNEMONIC_CMOVS, 8},
        {ZYDIS_MNEMONIC_JNS, ZYDIS_MNEMONIC_SETNS, ZYDIS_MNEMONIC_CMOVNS, 9},
        {ZYDIS_MNEMONIC_JP, ZYDIS_MNEMONIC_SETP, ZYDIS_MNEMONIC_CMOVP, 10},
        {ZYDIS_MNEMONIC_JNP, ZYDIS_MNEMONIC_SETNP, ZYDIS_MNEMONIC_CMOVNP, 11},
        {ZYDIS_MNEMONIC_JL, ZYDIS_MNEMONIC_SETL, ZYDIS_MNEMONIC_CMOVL, 12},
        {ZYDIS_MNEMONIC_JNL, ZYDIS_MNEMONIC_SETNL, ZYDIS_MNEMONIC_CMOVNL, 13},
        {ZYDIS_MNEMONIC_JLE, ZYDIS_MNEMONIC_SETLE, ZYDIS_MNEMONIC_CMOVLE, 14},
        {ZYDIS_MNEMONIC_JNLE, ZYDIS_MNEMONIC_SETNLE, ZYDIS_MNEMONIC_CMOVNLE, 15},
    }};
    for (const auto& [jump, set, move, condition] : rows)
        if (mnemonic == jump || mnemonic == set || mnemonic == move)
            return condition;
    return std::nullopt;
}

class Search {
public:
    Search(const Code& code, const std::vector<Step>& steps, const std::function<int(const Step&)>& change)
        : code_(code), steps_(steps) {
        ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
        for (const Step& step : steps)
            changes_.push_back(change(step));
        find_useful();
    }

    std::optional<FoundPath> run() {
        if (!useful_[0][0])
            return std::nullopt;
        Walk first;
        for (Id& each : first.reg)
            each = fresh();
        open_.push_back(std::move(first));
        while (!open_.empty() && work_ < max_work) {
            Walk walk = std::move(open_.back());
            open_.pop_back();
            if (auto found = follow(std::move(walk)))
                return found;
        }
        return std::nullopt;
    }

private:
    static int clamped(int depth) { return std::clamp(depth, 0, deepest_nesting); }

    // Finds the steps, each by its entry depth, from which a return with a depth above 0 is reachable, with all
    // branches taken as possible. Prunes the search.
    void find_useful() {
        useful_.assign(steps_.size(), {});
        std::vector<std::vector<std::size_t>> before(steps_.size());
        std::vector<std::pair<std::size_t, int>> open;
        const auto mark = [&](std::size_t step, int depth) {
            if (!useful_[step][static_cast<std::size_t>(depth)]) {
                useful_[step][static_cast<std::size_t>(depth)] = true;
                open.emplace_back(step, depth);
            }
        };
        for (std::size_t i = 0; i < steps_.size(); i++) {
            for (const std::size_t next : steps_[i].next)
                before[next].push_back(i);
            for (int depth = 0; depth <= deepest_nesting; depth++)
                if (steps_[i].returns && clamped(depth + changes_[i]) > 0)
                    mark(i, depth);
        }
        while (!open.empty()) {
            const auto [step, depth] = open.back();
            open.pop_back();
            for (const std::size_t from : before[step])
                for (int entered = 0; entered <= deepest_nesting; entered++)
                    if (clamped(entered + changes_[from]) == depth)
                        mark(from, entered);
        }
    }

    Id fresh() { return next_id_++; }
    Id number(std::int64_t value) {
        const auto [known, made] = numbers_.try_emplace(value, next_id_);
        if (made) {
            values_.emplace(next_id_, value);
            next_id_++;
        }
        return known->second;
    }
    // The same operation on the same ids has the same result id.
    Id result_of(ZydisMnemonic mnemonic, Id a, Id b) {
        const auto [known, made] = results_.try_emplace({mnemonic, a, b}, next_id_);
        if (made)
            next_id_++;
        return known->second;
    }

    std::optional<FoundPath> follow(Walk walk) {
        for (;;) {
            if (++work_ >= max_work)
                return std::nullopt;
            const Step& step = steps_[walk.step];
            if (++walk.visits[walk.step] > max_visits)
                return std::nullopt;
            const int before = walk.depth;
            walk.depth = clamped(walk.depth + changes_[walk.step]);
            if (before == 0 && walk.depth > 0) {
                walk.path.begin = step.place;
                walk.path.branch.reset();
            }
            if (step.returns && walk.depth > 0) {
                walk.path.end = step.place;
                return walk.path;
            }
            std::vector<std::size_t> next;
            for (const std::size_t to : step.next)
                if (useful_[to][static_cast<std::size_t>(walk.depth)])
                    next.push_back(to);
            if (step.flow == Flow::call || step.flow == Flow::indirect_call) {
                for (const std::size_t scratch : {0U, 1U, 2U, 6U, 7U, 8U, 9U, 10U, 11U})
                    walk.reg[scratch] = fresh();
                walk.flags.reset();
            } else if (step.flow == Flow::branch) {
                decide(walk, step, next);
                if (walk.depth > 0)
                    walk.path.branch = step.place;
            } else {
                execute(walk, step.place);
            }
            if (next.empty())
                return std::nullopt;
            for (std::size_t i = 1; i < next.size(); i++) {
                Walk other = walk;
                if (branch_)
                    learn(other, *branch_, next[i] == taken_);
                other.step = next[i];
                open_.push_back(std::move(other));
            }
            if (branch_ && step.flow == Flow::branch)
                learn(walk, *branch_, next[0] == taken_);
            branch_.reset();
            walk.step = next[0];
        }
    }

    // Removes successors from `next` that contradict earlier branches. If the outcome is not known, sets branch_.
    void decide(Walk& walk, const Step& step, std::vector<std::size_t>& next) {
        ZydisDecodedInstruction decoded;
        std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
        branch_.reset();
        if (step.next.size() != 2 || step.next[0] == step.next[1] || !decode(step.place, decoded, operands))
            return;
        const auto condition = condition_of(decoded.mnemonic);
        if (!condition || !walk.flags)
            return;
        auto [question, negated] = asked(walk, *condition);
        // step.next[0] is the fall-through, step.next[1] the target of the jump.
        const std::size_t when_true = negated ? step.next[0] : step.next[1];
        const std::size_t when_false = negated ? step.next[1] : step.next[0];
        if (const auto known = answer(walk, question)) {
            const std::size_t only = *known ? when_true : when_false;
            std::erase_if(next, [&](std::size_t to) { return to != only; });
        } else {
            branch_ = question;
            taken_ = when_true;
        }
    }

    // The question of a condition code under the current flags, and whether the condition negates it.
    std::pair<Question, bool> asked(const Walk& walk, std::uint8_t condition) const {
        Question question = *walk.flags;
        bool negated = condition & 1;
        question.condition = condition & 0xfeU;
        // A zero test of a setcc result is the question of the setcc.
        constexpr std::uint8_t is_zero = 4;
        const auto set = settings_.find(question.left);
        if (question.condition == is_zero && set != settings_.end() && value_of(walk, question.right) == 0) {
            negated = negated != !set->second.second;
            question = set->second.first;
        }
        return {question, negated};
    }

    std::optional<std::int64_t> value_of(const Walk& walk, Id id) const {
        const auto same = walk.equal.find(id);
        const auto known = values_.find(same == walk.equal.end() ? id : same->second);
        return known == values_.end() ? std::nullopt : std::optional(known->second);
    }

    std::optional<bool> answer(const Walk& walk, const Question& question) const {
        if (const auto known = walk.answers.find(question); known != walk.answers.end())
            return known->second;
        const auto left = value_of(walk, question.left);
        const auto right = value_of(walk, question.right);
        constexpr std::uint8_t zero = 4;
        constexpr std::uint8_t below = 2;
        constexpr std::uint8_t below_or_equal = 6;
        constexpr std::uint8_t sign = 8;
        constexpr std::uint8_t less = 12;
        constexpr std::uint8_t less_or_equal = 14;
        if (!left || !right)
            return std::nullopt;
        if (question.of == Question::Of::test)
            return question.condition == zero ? std::optional((*left & *right) == 0) : std::nullopt;
        if (question.of != Question::Of::compare)
            return std::nullopt;
        switch (question.condition) {
        case zero:
            return *left == *right;
        case sign:
        case less:
            return *left < *right;
        case less_or_equal:
            return *left <= *right;
        case below:
            return static_cast<std::uint64_t>(*left) < static_cast<std::uint64_t>(*right);
        case below_or_equal:
            return static_cast<std::uint64_t>(*left) <= static_cast<std::uint64_t>(*right);
        default:
            return std::nullopt;
        }
    }

    void learn(Walk& walk, const Question& question, bool is_true) const {
        constexpr std::uint8_t zero = 4;
        walk.answers[question] = is_true;
        if (question.of == Question::Of::compare && question.condition == zero && is_true &&
            values_.contains(question.right))
            walk.equal[question.left] = question.right;
    }

    bool decode(const KoElf::SectionOffset& place, ZydisDecodedInstruction& decoded,
                std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT>& operands) const {
        const auto bytes = code_.bytes(place);
        return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder_, bytes.data(), bytes.size(), &decoded, operands.data()));
    }

    static std::optional<std::size_t> general(ZydisRegister reg) {
        const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
        if (ZydisRegisterGetClass(whole) != ZYDIS_REGCLASS_GPR64)
            return std::nullopt;
        return static_cast<std::size_t>(ZydisRegisterGetId(whole));
    }

    Address address_of(const Walk& walk, const KoElf::SectionOffset& place, const ZydisDecodedInstruction& decoded,
                       const ZydisDecodedOperand& operand) const {
        const auto& memory = operand.mem;
        Address address;
        if (const auto base = general(memory.base))
            address.base = walk.reg[*base];
        if (const auto index = general(memory.index)) {
            address.index = walk.reg[*index];
            address.scale = memory.scale;
        }
        if (memory.segment == ZYDIS_REGISTER_GS)
            address.segment = 1;
        address.offset = memory.disp.has_displacement ? memory.disp.value : 0;
        if (decoded.raw.disp.size >= 32) {
            const std::uint64_t from = place.offset + decoded.raw.disp.offset;
            address.ref = code_.ref_at(place.section, from, from + 4, place.offset + decoded.length);
        }
        return address;
    }

    Id read(Walk& walk, const KoElf::SectionOffset& place, const ZydisDecodedInstruction& decoded,
            const ZydisDecodedOperand& operand) {
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
            const auto reg = general(operand.reg.value);
            return reg ? walk.reg[*reg] : fresh();
        }
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
            const auto [known, made] = walk.memory.try_emplace(address_of(walk, place, decoded, operand), 0);
            if (made)
                known->second = fresh();
            return known->second;
        }
        if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
            const std::uint64_t from = place.offset + decoded.raw.imm[0].offset;
            const CodeRef ref = code_.ref_at(place.section, from, from + 4, place.offset + decoded.length);
            return ref.kind == CodeRef::Kind::none ? number(operand.imm.value.s) : fresh();
        }
        return fresh();
    }

    void write(Walk& walk, const KoElf::SectionOffset& place, const ZydisDecodedInstruction& decoded,
               const ZydisDecodedOperand& operand, Id id) {
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
            const auto reg = general(operand.reg.value);
            if (reg && *reg != rsp)
                walk.reg[*reg] = id;
        } else if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
            walk.memory[address_of(walk, place, decoded, operand)] = id;
        }
    }

    void execute(Walk& walk, const KoElf::SectionOffset& place) {
        ZydisDecodedInstruction decoded;
        std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
        if (!decode(place, decoded, operands))
            return;
        const auto take = [&](std::size_t i) { return read(walk, place, decoded, operands[i]); };
        const auto give = [&](Id id) { write(walk, place, decoded, operands[0], id); };
        const auto compare = [&](Question::Of of, Id left, Id right) { walk.flags = Question{of, left, right, 0}; };
        const auto condition = condition_of(decoded.mnemonic);
        switch (decoded.mnemonic) {
        case ZYDIS_MNEMONIC_MOV:
        case ZYDIS_MNEMONIC_MOVZX:
        case ZYDIS_MNEMONIC_MOVSX:
        case ZYDIS_MNEMONIC_MOVSXD:
            return give(take(1));
        case ZYDIS_MNEMONIC_CMP:
            return compare(Question::Of::compare, take(0), take(1));
        case ZYDIS_MNEMONIC_TEST: {
            const Id left = take(0);
            const Id right = take(1);
            return left == right ? compare(Question::Of::compare, left, number(0))
                                 : compare(Question::Of::test, left, right);
        }
        case ZYDIS_MNEMONIC_BT:
            return compare(Question::Of::bit, take(0), take(1));
        case ZYDIS_MNEMONIC_XOR:
        case ZYDIS_MNEMONIC_SUB: {
            const Id left = take(0);
            const Id right = take(1);
            const Id result = left == right ? number(0) : result_of(decoded.mnemonic, left, right);
            give(result);
            if (decoded.mnemonic == ZYDIS_MNEMONIC_SUB && left != right)
                return compare(Question::Of::compare, left, right);
            return compare(Question::Of::compare, result, number(0));
        }
        case ZYDIS_MNEMONIC_AND:
        case ZYDIS_MNEMONIC_OR:
        case ZYDIS_MNEMONIC_ADD:
        case ZYDIS_MNEMONIC_SHL:
        case ZYDIS_MNEMONIC_SHR:
        case ZYDIS_MNEMONIC_SAR: {
            const Id result = result_of(decoded.mnemonic, take(0), take(1));
            give(result);
            return compare(Question::Of::compare, result, number(0));
        }
        case ZYDIS_MNEMONIC_PUSH:
        case ZYDIS_MNEMONIC_POP:
            break;
        default:
            if (condition && decoded.operand_count > 0 && walk.flags)
                return set(walk, place, decoded, operands[0], operands[1], *condition);
        }
        bool flags = false;
        for (std::size_t i = 0; i < decoded.operand_count; i++)
            if (operands[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) {
                if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER && !general(operands[i].reg.value))
                    flags = true; // may be the flags register
                else
                    write(walk, place, decoded, operands[i], fresh());
            }
        if (flags)
            walk.flags.reset();
    }

    // setcc and cmovcc
    void set(Walk& walk, const KoElf::SectionOffset& place, const ZydisDecodedInstruction& decoded,
             const ZydisDecodedOperand& to, const ZydisDecodedOperand& from, std::uint8_t condition) {
        const auto [question, negated] = asked(walk, condition);
        const auto known = answer(walk, question);
        if (decoded.meta.category == ZYDIS_CATEGORY_CMOV) {
            if (!known)
                write(walk, place, decoded, to, fresh());
            else if (*known != negated)
                write(walk, place, decoded, to, read(walk, place, decoded, from));
            return;
        }
        if (known)
            return write(walk, place, decoded, to, number(*known != negated ? 1 : 0));
        const Id id = fresh();
        settings_.emplace(id, std::pair(question, !negated)); // the answer for which setcc writes 1
        write(walk, place, decoded, to, id);
    }

    const Code& code_;
    const std::vector<Step>& steps_;
    ZydisDecoder decoder_;
    std::vector<int> changes_;
    std::vector<std::array<bool, deepest_nesting + 1>> useful_;
    std::vector<Walk> open_;
    std::optional<Question> branch_; // question of the current step, if its outcome is not known yet
    std::size_t taken_ = 0;          // successor if the answer is yes
    std::size_t work_ = 0;
    Id next_id_ = 1;
    std::map<std::int64_t, Id> numbers_;
    std::map<Id, std::int64_t> values_;
    std::map<std::tuple<ZydisMnemonic, Id, Id>, Id> results_;
    std::map<Id, std::pair<Question, bool>> settings_; // setcc result: its question, and the answer that makes it 1
};

} // namespace

std::optional<FoundPath> find_open_path(const Code& code, const std::vector<Step>& steps,
                                        const std::function<int(const Step&)>& change) {
    return Search(code, steps, change).run();
}

} // namespace rcuscope
