// SPDX-License-Identifier: BSD-2-Clause
//
// Interface between libFuzzer and a custom mutator (llvm.org/docs/LibFuzzer.html). capture_mutator.cpp defines the
// second function. The first one is from libFuzzer, or from make_damaged.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed);
