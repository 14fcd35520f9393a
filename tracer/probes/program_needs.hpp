// SPDX-License-Identifier: BSD-2-Clause
//
// The needs of the BPF programs besides the functions they attach to: members of the kernel's structures, and helpers.
// It is read from the compiled object, so it is complete by construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "kernel/kernel_btf.hpp"

namespace rcuscope {

// Begins the flavour of a type in the programs: the kernel's name of the type ends before it.
inline constexpr std::string_view type_flavour = "___";

// A member of a structure of the kernel. The program does without it if it asks the kernel whether it is there
// (bpf_core_field_exists(), bpf_core_type_exists()), or if it is a member of a type with a flavour: such types describe
// one of several layouts, and their uses are guarded.
struct MemberNeed {
    std::string structure;
    std::vector<std::string> path; // as in KernelBtf::member(); empty: the structure itself
    std::optional<MemberKind> kind;

    auto operator<=>(const MemberNeed&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself

    std::string text() const; // "struct rcu_data.cblist.head"
};

struct ProgramNeeds {
    std::set<MemberNeed> members;
    std::set<std::int32_t> helpers; // enum bpf_func_id
};

// By the program's name. `object`: an ELF file with BPF programs, as libbpf loads it. Fails with ExitCode::cannot_here
// if it is something else.
Result<std::map<std::string, ProgramNeeds>> read_program_needs(std::span<const std::byte> object);

// "bpf_loop" for a number of enum bpf_func_id; empty if this build does not know it.
std::string_view helper_name(std::int32_t number);

} // namespace rcuscope
