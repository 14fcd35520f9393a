// SPDX-License-Identifier: BSD-2-Clause
//
// Fuzzes review of kernel modules (.ko), including the analysis of their code.
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/review_result.hpp"
#include "fuzz.hpp"
#include "review/review.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rcuscope;
    static const fuzz::MemoryFile file;
    file.hold(fuzz::bytes_of(data, size));
    auto reading = review_module(file.path());
    if (!reading) {
        fuzz::require(reading.error().code == ExitCode::bad_input && !reading.error().why.empty(), "an error says why");
        return 0;
    }
    for (const Finding& finding : reading->findings)
        fuzz::require(!finding.what.empty() && !finding.why.empty(), "a finding says what and why");
    ReviewResult result;
    result.one_asked = true;
    result.modules.push_back(std::move(*reading));
    std::ostringstream text;
    write_review_text(result, text);
    for (const std::string_view line : split_lines(text.view()))
        fuzz::require(printable(line) == line, "what is shown does not steer a terminal");
    std::ostringstream json;
    write_review_json(result, json);
    fuzz::require(nlohmann::json::accept(json.view()), "JSON is JSON");
    return 0;
}
