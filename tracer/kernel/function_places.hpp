// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the instructions at which kprobes that do not use ftrace see a function's entry and its leaves (the last
// instructions of its calls).
//
// A kprobe at the entry of a function uses ftrace (CONFIG_KPROBES_ON_FTRACE). When the module is unloaded, the kernel
// removes these kprobes one by one and each time walks all of ftrace's records: milliseconds for each, after the exit
// function and before the memory is freed. For a breakpoint within the function it only marks the kprobe as gone
// (kill_kprobe() in kernel/kprobes.c).
//
// Callbacks may still run into such a breakpoint then. The kernel has already released its copy of the probed
// instruction, so the instruction must be one that the kernel emulates: a direct call, jump, conditional jump or
// return. Kernels without CONFIG_PREEMPTION do not emulate returns; they execute the copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "kernel/code.hpp"

namespace rcuscope {

// Offsets of instructions in the function.
struct FunctionPlaces {
    std::uint64_t entry = 0;           // the first instruction that changes control flow; each call reaches it once
    std::vector<std::uint64_t> leaves; // every call that ends, ends with one of these; the entry may be one
    bool jumps_away = false;           // a leave is a tail call: the other function returns to the caller of this one
};

class FunctionPlaceFinder {
public:
    // The code must outlive this.
    explicit FunctionPlaceFinder(const Code& code);

    // Nothing unless the code proves that these are the entry and the leaves. `traced`: the ftrace call (__fentry__),
    // which is the first instruction, or the second after an endbr64.
    std::optional<FunctionPlaces> find(const KoElf::SectionOffset& function, const KoElf::SectionOffset& traced) const;

private:
    void read_jumps();
    void read_tables();
    bool is_static_call(const KoElf::SectionOffset& place, const Instruction86& instruction) const;
    bool patched(const KoElf::SectionOffset& place) const;
    bool is_emulated(std::size_t section, const Instruction86& instruction) const;
    bool stays(std::size_t function, std::size_t section, const Instruction86& instruction,
               const Code::Next& next) const;
    std::optional<std::uint64_t> entry_of(std::size_t function, const KoElf::SectionOffset& traced) const;

    const Code& code_;
    std::set<KoElf::SectionOffset> jump_targets_; // also instructions that may fault, and where the kernel goes on then
    std::set<KoElf::SectionOffset> alternatives_; // where the kernel replaces instructions when it loads the module
    std::set<KoElf::SectionOffset> static_calls_; // calls and jumps that the kernel patches
    std::set<std::size_t> entangled_;             // functions into which others jump
    std::vector<std::vector<std::size_t>> parts_; // by function: the parts that the compiler split off
};

} // namespace rcuscope
