// SPDX-License-Identifier: BSD-2-Clause
#include "cli/load_digest.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "analysis/digest_json.hpp"
#include "capture/format.hpp"
#include "cli/cli.hpp"
#include "cli/load.hpp"

namespace rcuscope {

namespace {

// A pipe counts as a summary: it can be read only once, and a capture needs a file. If the file cannot be read, either
// reader reports that, so the result does not matter.
bool is_summary(const std::string& file) {
    std::error_code none;
    if (!std::filesystem::is_regular_file(file, none))
        return true;
    std::ifstream in(file, std::ios::binary);
    const auto begin = std::istreambuf_iterator<char>(in);
    const auto first = std::find_if(begin, std::istreambuf_iterator<char>(),
                                    [](char c) { return c != ' ' && c != '\t' && c != '\n' && c != '\r'; });
    return first != std::istreambuf_iterator<char>() && (*first == '{' || *first == '[');
}

} // namespace

Result<Digest> load_digest(const std::string& file, const HazardLimits& limits) {
    if (is_summary(file))
        return read_digest(file);
    auto loaded = load_timeline(file, limits);
    if (!loaded)
        return tl::unexpected(loaded.error());
    const Recording::Binding bound(*loaded->recording);
    return digest_of(loaded->timeline, loaded->analysis, version_text());
}

} // namespace rcuscope
