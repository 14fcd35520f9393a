// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>

namespace rcuscope::test {

inline std::string file_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Expects that tests/golden/NAME contains `text`. With RCUSCOPE_UPDATE_GOLDEN=1 in the environment the file is
// written instead.
inline void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = std::string(RCUSCOPE_SOURCE_DIR) + "/tests/golden/" + name;
    if (std::getenv("RCUSCOPE_UPDATE_GOLDEN") != nullptr) // NOLINT(concurrency-mt-unsafe): one thread
        std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(file_text(path), text) << path;
}

} // namespace rcuscope::test
