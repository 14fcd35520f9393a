// SPDX-License-Identifier: BSD-2-Clause
//
// Tests where a kprobe is safe in a module's memory.
#include "kernel/code_memory.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <vector>

namespace rcuscope::test {
namespace {

using Code = std::vector<unsigned char>;

constexpr std::uint64_t page = 4096;

Code nops(std::size_t count) {
    return Code(count, 0x90);
}

// A section of 64 bytes with a function, followed by one with the last function, `last`.
struct TwoFunctions {
    explicit TwoFunctions(Code code, std::uint64_t alignment = 16) : last(std::move(code)) {
        memory.add_section(1, first, first.size(), 16);
        memory.add_section(2, last, last.size(), alignment);
        memory.add_symbol(1, 0, first.size());
        memory.add_symbol(2, 0, last.size());
    }
    bool takes_probe(std::size_t section, std::uint64_t offset) { return memory.takes_probe(section, offset); }

    Code first = nops(64);
    Code last;
    CodeMemory memory;
};

TEST(CodeMemory, ZerosBehindTheCodeAreTwoBytesEach) {
    for (const std::size_t size : {1u, 7u, 32u, 33u, 4000u, 4001u}) {
        TwoFunctions functions(nops(size));
        EXPECT_EQ(functions.takes_probe(2, 0), size % 2 == 0) << size;
        EXPECT_TRUE(functions.takes_probe(1, 5)) << "another function ends there, however that goes on; " << size;
    }
}

TEST(CodeMemory, BytesThatAreNoInstructionsAreNotTrusted) {
    Code code = nops(32);
    code[31] = 0xe8; // a call whose distance would be in the zeros
    EXPECT_FALSE(TwoFunctions(code).takes_probe(2, 1));
    code[31] = 0x06; // not an instruction
    EXPECT_FALSE(TwoFunctions(code).takes_probe(2, 1));
}

// An instruction begins within the function and ends behind it.
TEST(CodeMemory, TheFunctionsEndMustBeMet) {
    const Code code{0x90, 0xe8, 0, 0, 0, 0, 0x90, 0x90};
    CodeMemory memory;
    memory.add_section(1, code, code.size(), 1);
    memory.add_symbol(1, 0, 4);
    EXPECT_FALSE(memory.takes_probe(1, 0));
    CodeMemory right;
    right.add_section(1, code, code.size(), 1);
    right.add_symbol(1, 0, 6);
    EXPECT_TRUE(right.takes_probe(1, 0));
}

TEST(CodeMemory, WhatARelocationChangesTellsNoLength) {
    const Code code{0xe8, 0, 0, 0, 0, 0xc3, 0x90, 0x90};
    for (const auto& [offset, safe] : {std::pair{1u, true}, std::pair{0u, false}, std::pair{4u, false}}) {
        TwoFunctions functions(code);
        functions.memory.add_relocation(2, offset);
        EXPECT_EQ(functions.takes_probe(2, 0), safe) << "at " << offset;
    }
}

// A section without symbols, such as one of alternatives, counts as part of the function before it.
TEST(CodeMemory, ASectionWithoutSymbolsBelongsToTheFunctionBeforeIt) {
    for (const std::size_t size : {4u, 5u}) {
        TwoFunctions functions(nops(9));
        const Code replacement = nops(size);
        functions.memory.add_section(3, replacement, replacement.size(), 1);
        EXPECT_EQ(functions.takes_probe(2, 0), size == 5) << size;
    }
}

TEST(CodeMemory, AGapBeforeASectionMustBeMetToo) {
    for (const std::size_t size : {8u, 9u}) {
        TwoFunctions functions(nops(size));
        const Code replacement = nops(16);
        functions.memory.add_section(3, replacement, replacement.size(), 16);
        EXPECT_EQ(functions.takes_probe(2, 0), size == 8) << size;
    }
}

TEST(CodeMemory, ASymbolThatEndsTheFunctionSavesIt) {
    TwoFunctions functions(nops(33));
    EXPECT_FALSE(functions.takes_probe(2, 4));
    TwoFunctions labelled(nops(33));
    labelled.memory.add_symbol(2, 33, 0);
    EXPECT_TRUE(labelled.takes_probe(2, 4));
    TwoFunctions empty(nops(33));
    empty.memory.add_section(3, {}, 0, 64);
    empty.memory.add_symbol(3, 0, 0);
    EXPECT_TRUE(empty.takes_probe(2, 4)) << "a symbol of a section of no size";
}

TEST(CodeMemory, CodeThatFillsItsPagesHasNoZeros) {
    const Code code = nops(page);
    CodeMemory memory;
    memory.add_section(1, code, page, 16);
    memory.add_symbol(1, 0, page);
    EXPECT_TRUE(memory.takes_probe(1, page - 15));
    EXPECT_FALSE(memory.takes_probe(1, page - 14)) << "the kernel copies 15 bytes from there";
}

TEST(CodeMemory, ALastFunctionAtThePagesVeryEnd) {
    const Code code = nops(page);
    CodeMemory memory;
    memory.add_section(1, code, page, 16);
    memory.add_symbol(1, 0, page - 1);
    memory.add_symbol(1, page - 1, 1);
    EXPECT_TRUE(memory.takes_probe(1, 8));
    Code crossing = code; // the first one's last instruction is a call that crosses the page's end
    crossing[page - 2] = 0xe8;
    CodeMemory other;
    other.add_section(1, crossing, page, 16);
    other.add_symbol(1, 0, page - 1);
    other.add_symbol(1, page - 1, 1);
    EXPECT_FALSE(other.takes_probe(1, 8));
}

TEST(CodeMemory, WhereNoSymbolIsThereIsNoProbe) {
    const Code code = nops(32);
    CodeMemory memory;
    memory.add_section(1, code, code.size(), 16);
    EXPECT_FALSE(memory.takes_probe(1, 0));
    memory.add_symbol(1, 16, 16);
    EXPECT_FALSE(memory.takes_probe(1, 8));
    EXPECT_TRUE(memory.takes_probe(1, 16));
    EXPECT_FALSE(memory.takes_probe(7, 0)) << "a section that is not there";
}

TEST(CodeMemory, WhatNoModuleHasIsNotTrusted) {
    const Code code = nops(32);
    for (const std::uint64_t alignment : {std::uint64_t{3}, std::uint64_t{1} << 40}) {
        CodeMemory memory;
        memory.add_section(1, code, code.size(), alignment);
        memory.add_symbol(1, 0, 32);
        EXPECT_FALSE(memory.takes_probe(1, 0)) << alignment;
    }
    CodeMemory large; // fewer bytes than its size says; the rest would be zeros
    large.add_section(1, code, std::uint64_t{1} << 30, 1);
    large.add_symbol(1, 0, 32);
    EXPECT_TRUE(large.takes_probe(1, 0));
    large.add_section(2, code, ~std::uint64_t{0}, 1);
    EXPECT_FALSE(large.takes_probe(1, 0));
}

TEST(CodeLayout, InitCodeHasMemoryOfItsOwn) {
    for (const bool unloads : {true, false}) {
        const Code odd = nops(33);
        const Code even = nops(32);
        CodeLayout layout;
        layout.kernel_unloads(unloads);
        layout.add_section(1, ".text", odd, odd.size(), 16);
        layout.add_section(2, ".init.text", even, even.size(), 16);
        layout.add_section(3, ".exit.text", even, even.size(), 16);
        for (const std::size_t section : {1u, 2u, 3u})
            layout.add_symbol(section, "function", 0, section == 1 ? 33 : 32);
        EXPECT_EQ(layout.takes_probe(1, 0), unloads) << "the exit code follows";
        EXPECT_TRUE(layout.takes_probe(2, 0));
        EXPECT_TRUE(layout.takes_probe(3, 0));
    }
}

TEST(CodeLayout, KallsymsPassesOverTheAssemblersSymbols) {
    for (const auto& [name, safe] : {std::pair{"", false}, std::pair{".Lend", false}, std::pair{"L0", false},
                                     std::pair{"$x", false}, std::pair{"end", true}}) {
        const Code odd = nops(33);
        CodeLayout layout;
        layout.add_section(1, ".text", odd, odd.size(), 16);
        layout.add_symbol(1, "function", 0, 33);
        layout.add_symbol(1, name, 33, 0);
        EXPECT_EQ(layout.takes_probe(1, 0), safe) << name;
    }
}

} // namespace
} // namespace rcuscope::test
