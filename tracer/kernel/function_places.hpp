// SPDX-License-Identifier: BSD-2-Clause
//
// Where in its code a function is entered and left, for kprobes that are not ftrace's.
//
// A kprobe at a function's entry is ftrace's (CONFIG_KPROBES_ON_FTRACE). When its module goes, the kernel takes each of
// these away by itself, with walks over all places of ftrace's: milliseconds for each, after the exit function and
// before the memory is freed. Of a breakpoint within the function it only forgets (kill_kprobe() in kernel/kprobes.c).
//
// Callbacks may still run into such a breakpoint then. The kernel has given up its copy of the probed instruction, so
// that one must be an instruction that is emulated and not executed elsewhere: a direct call, jump or conditional jump,
// or a return. On kernels without CONFIG_PREEMPTION returns are executed elsewhere, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "kernel/code.hpp"

namespace rcuscope {

// Offsets in the function, of instructions.
struct FunctionPlaces {
    std::uint64_t entry = 0;           // the first instruction that does not just go on; reached once in each call
    std::vector<std::uint64_t> leaves; // one of them is the last instruction of each call that ends; may be the entry
    bool jumps_away = false;           // a leave is a jump to another function, which returns for this one
};

class FunctionPlaceFinder {
public:
    // The code must outlive this.
    explicit FunctionPlaceFinder(const Code& code);

    // Nothing where the code does not show with certainty that these are the places. `traced`: of the call that ftrace
    // takes, the function's first instruction but for an endbr64.
    std::optional<FunctionPlaces> find(const KoElf::Place& function, const KoElf::Place& traced) const;

private:
    void read_jumps();
    void read_tables();
    bool is_static_call(const KoElf::Place& place, const Instruction86& instruction) const;
    bool patched(const KoElf::Place& place) const;
    bool is_emulated(std::size_t section, const Instruction86& instruction) const;
    bool stays(std::size_t function, std::size_t section, const Instruction86& instruction,
               const Code::Next& next) const;
    std::optional<std::uint64_t> entry_of(std::size_t function, const KoElf::Place& traced) const;

    const Code& code_;
    std::set<KoElf::Place> jump_targets_;         // and instructions that may fault, and where the kernel goes on then
    std::set<KoElf::Place> alternatives_;         // where the kernel puts other instructions when it loads the module
    std::set<KoElf::Place> static_calls_;         // calls and jumps
    std::set<std::size_t> entangled_;             // functions that others jump into
    std::vector<std::vector<std::size_t>> parts_; // by function: what the compiler split off
};

} // namespace rcuscope
