// SPDX-License-Identifier: BSD-2-Clause
#include "probes/probe_conflicts.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "probes/sites.hpp"

namespace rcuscope {

namespace {

constexpr std::uint64_t page = 4096;

constexpr const char* same_offset = "another probed instruction has the same offset in its page, and if a module is "
                                    "loaded at the address of an unloaded one, the kernel can confuse the two";
constexpr const char* in_what_is_decoded =
    "the kernel decodes the code from here to the end of the module, and if the module is loaded at the address of an "
    "unloaded one, it can take an instruction there for one that was probed in the other";

// One of the two memories of a module's code.
struct CodeRegion {
    std::size_t module = 0;
    bool init = false;

    auto operator<=>(const CodeRegion&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself
};

struct ProbedAddress {
    std::uint64_t offset = 0; // from the start of its page
    CodeRegion memory{};
    std::uint64_t at = 0;     // offset in its memory
    std::uint16_t opcode = 0; // ProbedCode::opcode

    bool operator<(const ProbedAddress& other) const {
        return std::tie(offset, memory, at) < std::tie(other.offset, other.memory, other.at);
    }
};

// The range of code, up to the end of a memory, that the kernel decodes for a probe.
struct Decoded {
    CodeRegion memory;
    CodeRange range;

    auto operator<=>(const Decoded&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself

    // Whether the kernel, when it decodes the range, can find a kprobe of this place at any address but the place's
    // own.
    bool may_meet(const ProbedAddress& place) const {
        const std::uint64_t first = range.begin + (place.offset + page - range.begin % page) % page;
        const bool once = first + page >= range.end;
        return first < range.end && !(once && place.memory == memory && place.at == first);
    }
};

// Places that are probed together or not at all.
struct Candidate {
    enum class Kind { reader_family, reader_function, jump, function_places, function }; // in the order of priority

    Kind kind{};
    std::size_t module = 0;
    std::string family{};           // of a reader_family: family_of()
    KoJump* jump = nullptr;         // of a jump
    KoFunction* function = nullptr; // of the other kinds
    std::vector<ProbedAddress> places{};
    std::set<Decoded> decoded{};

    void add(const ProbedCode& code) {
        const CodeRegion memory{module, code.init};
        places.push_back({code.place % page, memory, code.place, code.opcode});
        if (code.decoded)
            decoded.insert({memory, *code.decoded});
    }

    // A candidate with a decoded range conflicts with many others, so it comes last.
    auto rank() const { return std::pair(!decoded.empty(), kind); }

    void leave_out(ModuleFile& of, const char* why) const {
        if (jump)
            jump->why_unseen = why;
        else if (function)
            function->conflict = why;
        else
            of.leave_readers_out({{family, why}});
    }
};

// The candidates that are accepted so far. No two of them conflict.
class AcceptedProbes {
public:
    // Accepts the candidate and returns nullptr. If the candidate conflicts with an accepted one, changes nothing and
    // returns the reason.
    const char* take(const Candidate& candidate) {
        std::vector<std::set<ProbedAddress>::iterator> added;
        const auto undo = [&](const char* why) {
            for (const auto& place : added)
                places_.erase(place);
            return why;
        };
        for (const ProbedAddress& place : candidate.places) {
            if (const char* why = why_not(place))
                return undo(why);
            if (const auto [at, is_new] = places_.insert(place); is_new)
                added.push_back(at);
        }
        for (const Decoded& decoded : candidate.decoded)
            if (!allows(decoded))
                return undo(in_what_is_decoded);
        decoded_.insert(candidate.decoded.begin(), candidate.decoded.end());
        return nullptr;
    }

private:
    const char* why_not(const ProbedAddress& place) const {
        for (auto other = places_.lower_bound({place.offset}); other != places_.end() && other->offset == place.offset;
             ++other)
            if (other->opcode != place.opcode)
                return same_offset;
        return std::any_of(decoded_.begin(), decoded_.end(),
                           [&](const Decoded& decoded) { return decoded.may_meet(place); })
                   ? in_what_is_decoded
                   : nullptr;
    }

    bool allows(const Decoded& decoded) const {
        return decoded_.contains(decoded) ||
               std::none_of(
                   places_.begin(), places_.end(), [&](const ProbedAddress& place) { return decoded.may_meet(place); });
    }

    std::set<ProbedAddress> places_;
    std::set<Decoded> decoded_;
};

void add_candidates(std::vector<Candidate>& candidates, std::size_t number, ModuleFile& module,
                    const std::vector<std::string>& functions, const std::vector<std::string>& readers) {
    std::map<std::string, Candidate> families;
    for (const KoReadSite& site : module.read_sites) {
        const std::string family = family_of(site.function);
        families.try_emplace(family, Candidate{Candidate::Kind::reader_family, number, family})
            .first->second.add(site.code);
    }
    for (auto& [name, family] : families)
        candidates.push_back(std::move(family));
    for (KoJump& jump : module.jumps)
        if (jump.why_unseen.empty()) {
            candidates.push_back({Candidate::Kind::jump, number, {}, &jump});
            candidates.back().add(jump.code);
        }
    for (KoFunction& function : module.functions) {
        const bool reader = is_probed(function, readers);
        if (!function.entry || (!reader && !is_probed(function, functions)))
            continue;
        if (function.places && !reader) {
            candidates.push_back({Candidate::Kind::function_places, number, {}, nullptr, &function});
            for (const ProbedCode& code : function.code_of_places)
                candidates.back().add(code);
        } else {
            const auto kind = reader ? Candidate::Kind::reader_function : Candidate::Kind::function;
            candidates.push_back({kind, number, {}, nullptr, &function});
            candidates.back().add(*function.entry);
        }
    }
}

// Sorted by priority: an earlier candidate wins a conflict.
std::vector<Candidate> candidates_of(std::vector<ModuleFile>& modules, const std::vector<std::string>& functions,
                                     const ReaderFunctions& readers) {
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < modules.size(); i++)
        add_candidates(candidates, i, modules[i], functions, readers_of(readers, modules[i].name));
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.rank() < b.rank(); });
    return candidates;
}

struct LeftOut {
    const Candidate* candidate;
    const char* why;
};

std::vector<LeftOut> conflicts_of(const std::vector<Candidate>& candidates) {
    std::vector<LeftOut> left_out;
    AcceptedProbes taken;
    for (const Candidate& candidate : candidates)
        if (const char* why = taken.take(candidate))
            left_out.push_back({&candidate, why});
    return left_out;
}

void see_by_ftrace(std::vector<ModuleFile>& modules) {
    for (ModuleFile& module : modules)
        for (KoFunction& function : module.functions)
            function.places.reset();
}

} // namespace

void leave_out_conflicts(std::vector<ModuleFile>& modules, const std::vector<std::string>& functions,
                         const ReaderFunctions& readers) {
    if (modules.size() > 1)
        see_by_ftrace(modules);
    for (;;) {
        const std::vector<Candidate> candidates = candidates_of(modules, functions, readers);
        const std::vector<LeftOut> left_out = conflicts_of(candidates);
        bool again = false;
        for (const LeftOut& conflict : left_out) {
            if (conflict.candidate->kind != Candidate::Kind::function_places)
                continue;
            again = true;
            if (!conflict.candidate->decoded.empty()) { // only one function of each memory has such a range
                conflict.candidate->function->places.reset();
            } else {
                see_by_ftrace(modules);
                break;
            }
        }
        if (again)
            continue;
        for (const LeftOut& conflict : left_out)
            conflict.candidate->leave_out(modules[conflict.candidate->module], conflict.why);
        return;
    }
}

} // namespace rcuscope
