// SPDX-License-Identifier: BSD-2-Clause
//
// The interface between libFuzzer and a mutator of its user (llvm.org/docs/LibFuzzer.html): capture_mutator.cpp defines
// the second function; the first one is libFuzzer's, or make_damaged.cpp's.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed);
