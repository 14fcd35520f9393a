// SPDX-License-Identifier: BSD-2-Clause
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "analysis/budget.hpp"
#include "base/text.hpp"
#include "base/whole_file.hpp"
#include "cli/check_result.hpp"
#include "cli/cli.hpp"
#include "cli/hazard_options.hpp"
#include "cli/load_digest.hpp"
#include "report/show.hpp"

namespace rcuscope {

namespace {

struct CheckArguments {
    std::vector<std::string> current;
    std::vector<std::string> baseline;
    std::vector<std::string> metrics;
    std::vector<std::string> budgets;
    std::string min_effect = "10%";
    std::string rule_out = "100%";
    std::vector<std::string> allow_different;
    bool allow_incomplete = false;
    bool strict = false;
    std::string json;
    std::string junit;
    HazardLimits limits;
};

// "10%", "2.5 %": hundredths of a percent.
Result<std::int64_t> parse_effect(const std::string& option, const std::string& text) {
    const auto wrong = [&](const char* why) {
        return fail(ExitCode::bad_input, option + " " + text, why, "write a percentage, such as 10%");
    };
    char* rest = nullptr;
    const double percent = std::strtod(text.c_str(), &rest);
    while (*rest == ' ')
        ++rest;
    if (rest == text.c_str() || std::string_view(rest) != "%")
        return wrong("it is no percentage");
    if (!(percent > 0 && percent <= 1e6))
        return wrong("it must be more than 0 %, and at most 1000000 %");
    return std::llround(percent * 100);
}

struct Request {
    CompareOptions options;
    std::vector<Budget> budgets;
};

// What can be wrong with the arguments alone.
Result<Request> request_from(const CheckArguments& arguments) {
    Request request;
    if (arguments.baseline.empty() && arguments.budgets.empty())
        return fail(ExitCode::bad_input, "nothing to check", "there is neither a baseline nor a budget",
                    "give --baseline FILE..., --budget METRIC<LIMIT, or both");
    if (arguments.baseline.empty() && !arguments.metrics.empty())
        return fail(ExitCode::bad_input, "--metric", "there is no baseline to compare with", "give --baseline FILE...");
    if (arguments.json == "-" && arguments.junit == "-")
        return fail(ExitCode::bad_input, "--json - --junit -", "both cannot go to standard output");
    for (const std::string& text : arguments.metrics) {
        auto metrics = parse_metrics(text, request.options.percents);
        if (!metrics)
            return tl::unexpected(metrics.error());
        for (Metric& metric : *metrics) {
            if (auto can = can_be_compared(metric); !can)
                return tl::unexpected(can.error());
            request.options.metrics.push_back(std::move(metric));
        }
    }
    for (const std::string& text : arguments.budgets) {
        auto budget = parse_budget(text);
        if (!budget)
            return tl::unexpected(budget.error());
        request.budgets.push_back(std::move(*budget));
    }
    const auto min_effect = parse_effect("--min-effect", arguments.min_effect);
    if (!min_effect)
        return tl::unexpected(min_effect.error());
    const auto rule_out = parse_effect("--rule-out", arguments.rule_out);
    if (!rule_out)
        return tl::unexpected(rule_out.error());
    request.options.min_effect = *min_effect;
    request.options.rule_out = *rule_out;
    return request;
}

Result<std::vector<RunDigest>> load_runs(const std::vector<std::string>& files, const CheckArguments& arguments) {
    std::vector<RunDigest> runs;
    for (const std::string& file : files) {
        auto digest = load_digest(file, arguments.limits);
        if (!digest)
            return tl::unexpected(digest.error());
        if (!digest->complete && !arguments.allow_incomplete)
            return fail(ExitCode::bad_input, "cannot check " + file, "the recording was cut off",
                        "record it again; or take what is there with --allow-incomplete");
        runs.push_back({file, std::move(*digest)});
    }
    return runs;
}

// Everything that does not fail is in the result.
Result<CheckResult> check(const CheckArguments& arguments) {
    auto request = request_from(arguments);
    if (!request)
        return tl::unexpected(request.error());
    CheckResult result{.strict = arguments.strict,
                       .options = request->options,
                       .current = {},
                       .baseline = {},
                       .differences = {},
                       .comparison = {},
                       .budgets = {}};
    auto current = load_runs(arguments.current, arguments);
    if (!current)
        return tl::unexpected(current.error());
    auto baseline = load_runs(arguments.baseline, arguments);
    if (!baseline)
        return tl::unexpected(baseline.error());
    std::vector<RunDigest> all = *baseline;
    all.insert(all.end(), current->begin(), current->end());
    if (auto once = refuse_twice(all); !once)
        return tl::unexpected(once.error());
    if (!baseline->empty()) {
        result.differences = differences(all);
        const std::set<std::string> allowed(arguments.allow_different.begin(), arguments.allow_different.end());
        if (auto alike = refuse_to_compare(result.differences, allowed); !alike)
            return tl::unexpected(alike.error());
        auto comparison = compare(*current, *baseline, result.options);
        if (!comparison)
            return tl::unexpected(comparison.error());
        result.comparison = std::move(*comparison);
    }
    for (const Budget& budget : request->budgets)
        result.budgets.push_back(judge(budget, *current));
    result.current = std::move(*current);
    result.baseline = std::move(*baseline);
    return result;
}

Outcome run_check(const CheckArguments& arguments) {
    const auto result = check(arguments);
    if (!result)
        return tl::unexpected(result.error());
    if (!arguments.json.empty())
        if (auto written = write_whole(arguments.json, [&](std::ostream& out) { write_check_json(*result, out); });
            !written)
            return tl::unexpected(written.error());
    if (!arguments.junit.empty())
        if (auto written = write_whole(arguments.junit, [&](std::ostream& out) { write_check_junit(*result, out); });
            !written)
            return tl::unexpected(written.error());
    if (arguments.json != "-" && arguments.junit != "-")
        print_check(*result, style_of_stdout().colour, std::cout);
    return why_not_passed(*result).empty() ? ExitCode::done : ExitCode::does_not_hold;
}

void add_what_to_compare(CLI::App& command, CheckArguments& arguments) {
    command.add_option("CURRENT", arguments.current, "Recordings (.rcu) or summaries: what is checked")
        ->type_name("FILE")
        ->required();
    command
        .add_option("--baseline", arguments.baseline,
                    "Recordings or summaries to compare with; four and four are the least")
        ->type_name("FILE");
    command
        .add_option("--metric", arguments.metrics,
                    "What to compare, as gp, gp.p90 or wait.rcu_barrier.p50; may be given more than once [gp, "
                    "gp.expedited and callback.latency, each at p50 and p99]")
        ->type_name("METRIC")
        ->expected(1)
        ->take_all();
    command.add_option("--min-effect", arguments.min_effect, "Smaller changes are neither worse nor better")
        ->type_name("PERCENT")
        ->capture_default_str();
    command
        .add_option("--rule-out", arguments.rule_out,
                    "To be called the same, a metric's data must rule out a slowdown of this much")
        ->type_name("PERCENT")
        ->capture_default_str();
    std::vector<std::string> settings = deciding_settings();
    settings.emplace_back("all");
    command
        .add_option("--allow-different", arguments.allow_different,
                    "Compare although recordings differ in this setting, or in all")
        ->type_name("SETTING")
        ->expected(1)
        ->take_all()
        ->check(CLI::IsMember(settings));
}

} // namespace

void add_check(CLI::App& app, Outcome& result) {
    auto* command = app.add_subcommand("check", "Compare recordings with earlier ones, and hold them to limits");
    auto arguments = std::make_shared<CheckArguments>();
    add_what_to_compare(*command, *arguments);
    command
        ->add_option("--budget", arguments->budgets,
                     "A limit that each current run has to keep: METRIC, one of < <= > >= ==, and a duration with its "
                     "unit or a number; may be given more than once")
        ->type_name("BUDGET")
        ->expected(1)
        ->take_all();
    command->add_flag("--strict", arguments->strict,
                      "What is not known does not pass: not enough data, lost records, budgets for what was not seen");
    command->add_flag("--allow-incomplete", arguments->allow_incomplete, "Take recordings that were cut off");
    command->add_option("--json", arguments->json, "Write the result for programs; - is standard output, alone")
        ->type_name("FILE");
    command->add_option("--junit", arguments->junit, "Write it as JUnit's XML, for CI systems; - as above")
        ->type_name("FILE");
    add_hazard_limits(*command, arguments->limits);
    command->footer(
        "Exit codes: 0 passed; 1 something got worse or is over its budget; 2 wrong use or unusable input;\n"
        "4 the result could not be written.\n"
        "What worse, better and same mean, and how often that is wrong: docs/check.md.\n\n"
        "Examples:\n"
        "  rcuscope check run.rcu --budget 'gp.p99<50ms' --budget 'callback.latency.max<1s' --budget 'hazards==0'\n"
        "  rcuscope check now-*.rcu --baseline base-*.json\n"
        "  rcuscope check now-*.json --baseline base-*.json --metric gp --min-effect 5% --strict --junit rcu.xml\n"
        "  rcuscope check now-*.json --baseline base-*.json --json - | jq .comparison.verdict");
    command->callback([arguments, &result] { result = run_check(*arguments); });
}

} // namespace rcuscope
