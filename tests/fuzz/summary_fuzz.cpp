// SPDX-License-Identifier: BSD-2-Clause
//
// Fuzzes the parser of summaries, and the verdict of a check on them.
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

#include "analysis/digest_json.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/check_result.hpp"
#include "fuzz.hpp"

namespace rcuscope::fuzz {

namespace {

std::string written(const Digest& digest) {
    std::ostringstream out;
    write_digest(digest, out);
    return std::move(out).str();
}

std::vector<Budget> budgets() {
    std::vector<Budget> budgets;
    for (const char* text : {"gp.p99<50ms", "gp.max<=1s", "callback.latency.p50>1us", "reader.count>=1", "hazards==0",
                             "backlog.max<10", "wait.rcu_barrier.min==5ms", "callbacks.queued>9223372036854775806"})
        budgets.push_back(parse_budget(text).value());
    return budgets;
}

void compare_with_itself(const Digest& digest) {
    static const std::vector<Budget> limits = budgets();
    CheckResult result;
    result.strict = true;
    for (const char* name : {"a", "b", "c"}) {
        result.current.push_back({name, digest});
        result.baseline.push_back({name, digest});
    }
    // Makes the two sides differ, also in the data of a percentile.
    result.current.back().digest.durations["gp"].add(result.current.back().digest.durations["gp"].max());
    result.current.back().digest.host.cpus++;
    for (const Budget& budget : limits)
        result.budgets.push_back(judge(budget, result.current));
    result.differences = differences(result.current);
    if (auto comparison = compare(result.current, result.baseline, result.options))
        result.comparison = std::move(*comparison);
    std::ostringstream text;
    std::ostringstream json;
    std::ostringstream junit;
    print_check(result, false, text);
    for (const std::string_view line : split_lines(text.view()))
        require(printable(line) == line, "a check does not steer a terminal");
    write_check_json(result, json);
    require(nlohmann::json::accept(json.view()), "a check is JSON");
    require(is_ascii(json.view()), "a check's JSON is ASCII");
    write_check_junit(result, junit);
    for (const std::string_view line : split_lines(junit.view()))
        require(printable(line) == line, "JUnit's XML has characters of XML only");
}

} // namespace

} // namespace rcuscope::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rcuscope;
    const std::string text = fuzz::text_of(fuzz::bytes_of(data, size));
    const auto digest = digest_from_json(text, "input");
    if (!digest) {
        fuzz::require(digest.error().code == ExitCode::bad_input && !digest.error().why.empty(), "an error says why");
        return 0;
    }
    const std::string once = fuzz::written(*digest);
    const auto back = digest_from_json(once, "output");
    fuzz::require(back && fuzz::written(*back) == once, "what is written reads the same");
    fuzz::compare_with_itself(*digest);
    return 0;
}
