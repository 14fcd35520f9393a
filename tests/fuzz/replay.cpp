// SPDX-License-Identifier: BSD-2-Clause
//
// Runs a target on files, without libFuzzer. Inputs that once failed are tested in every build.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz.hpp"

// An exception ends the program, which a test needs.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
    std::vector<std::filesystem::path> files;
    for (const std::string& folder : std::vector<std::string>(argv + 1, argv + argc))
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        std::cout << file.string() << std::endl; // printed before a failure can end the program
        std::ifstream in(file, std::ios::binary);
        const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
        // In memory of exactly this size, so that a sanitizer detects a read past the end.
        const auto copied = std::as_bytes(std::span(bytes));
        std::vector<std::uint8_t> input(copied.size());
        std::transform(copied.begin(), copied.end(), input.begin(),
                       [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    if (files.empty())
        std::cerr << "usage: " << argv[0] << " FOLDER...: there are no files\n";
    return files.empty() ? 2 : 0;
}
