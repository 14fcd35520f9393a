// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommand `check`: compares recordings with a baseline and with budgets. The comparison is in
// analysis/compare.hpp, the budgets are in analysis/budget.hpp, the output formats in check_result.hpp.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <glob.h>
#include <sys/stat.h>

#include "analysis/budget.hpp"
#include "base/text.hpp"
#include "base/whole_file.hpp"
#include "cli/check_result.hpp"
#include "cli/cli.hpp"
#include "cli/hazard_options.hpp"
#include "cli/load_digest.hpp"
#include "cli/outputs.hpp"
#include "report/show.hpp"

namespace rcuscope {

namespace {

constexpr std::array<std::string_view, 4> check_endings_known{".txt", ".md", ".json", ".xml"};

struct CheckArguments {
    std::vector<std::string> current;
    std::optional<std::size_t> after_baseline; // index in `current` of the file directly after --baseline FILE
    std::optional<std::size_t> after_json;     // the same for --json
    std::vector<std::string> baseline;
    std::vector<std::string> metrics;
    std::vector<std::string> budgets;
    std::string min_effect = "10%";
    std::string rule_out = "100%";
    std::vector<std::string> allow_different;
    bool allow_incomplete = false;
    bool strict = false;
    bool json = false;
    std::vector<std::string> outputs;
    HazardLimits limits;
};

// Parses "10%" or "2.5 %" into hundredths of a percent.
Result<std::int64_t> parse_effect(const std::string& option, const std::string& text) {
    const auto wrong = [&](const char* why) {
        return fail(ExitCode::bad_input, option + " " + text, why, "write a percentage, such as 10%");
    };
    char* rest = nullptr;
    const double percent = std::strtod(text.c_str(), &rest);
    while (*rest == ' ')
        ++rest;
    if (rest == text.c_str() || std::string_view(rest) != "%")
        return wrong("it is not a percentage");
    if (!(percent > 0 && percent <= 1e6))
        return wrong("it must be more than 0 %, and at most 1000000 %");
    return std::llround(percent * 100);
}

struct Request {
    CompareOptions options;
    std::vector<Budget> budgets;
};

// Checks and parses the arguments. Reads no file.
Result<Request> request_from(const CheckArguments& arguments) {
    Request request;
    if (arguments.baseline.empty() && arguments.budgets.empty())
        return fail(ExitCode::bad_input, "nothing to check", "neither a baseline nor a budget is given",
                    "give --baseline FILE, --budget METRIC<LIMIT, or both");
    if (arguments.baseline.empty() && !arguments.metrics.empty())
        return fail(ExitCode::bad_input, "--metric", "no baseline is given", "give --baseline FILE");
    if (arguments.after_baseline)
        return fail(ExitCode::bad_input, arguments.current[*arguments.after_baseline] + " after a baseline",
                    "--baseline takes one file, so it is unclear whether this file is a baseline or a current run",
                    "name current runs before --baseline; for several baseline files quote a pattern (--baseline "
                    "'base-*.json'), or give --baseline for each");
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
                        "record it again, or accept the incomplete recording with --allow-incomplete");
        runs.push_back({file, std::move(*digest)});
    }
    return runs;
}

// A user who writes --json FILE means an output file.
Error with_hint_on_json(const CheckArguments& arguments, Error error) {
    if (arguments.after_json && error.what.ends_with(arguments.current[*arguments.after_json]))
        error.hint = "--json takes no file: to write one, name it with -o " + arguments.current[*arguments.after_json];
    return error;
}

// Runs the check. A regression or an exceeded budget is part of the result, not an error.
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
        return tl::unexpected(with_hint_on_json(arguments, current.error()));
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

// Expands the patterns. A text that names an existing file, or has no wildcard, is a file name.
Result<std::vector<std::string>> baseline_files(const std::vector<std::string>& texts) {
    std::vector<std::string> files;
    for (const std::string& text : texts) {
        struct stat status {};
        if (::stat(text.c_str(), &status) == 0 || text.find_first_of("*?[") == std::string::npos) {
            files.push_back(text);
            continue;
        }
        glob_t found{};
        const int error = ::glob(text.c_str(), 0, nullptr, &found);
        if (error == 0)
            files.insert(files.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
        ::globfree(&found);
        if (error != 0)
            return fail(ExitCode::bad_input, "--baseline " + text, "no file matches");
    }
    return files;
}

// If an output is standard output, the command prints nothing else there.
bool writes_to_stdout(const CheckArguments& arguments) {
    return std::any_of(arguments.outputs.begin(), arguments.outputs.end(), is_standard_output);
}

void write_check(const CheckResult& result, std::string_view ending, std::ostream& out) {
    if (ending == ".json")
        write_check_json(result, out);
    else if (ending == ".xml")
        write_check_junit(result, out);
    else if (ending == ".md")
        write_check_markdown(result, out);
    else
        print_check(result, false, out);
}

// Writes the error to the outputs, since a CI system reads them whatever the exit code is.
Outcome tell_failure(const CheckArguments& arguments, Outputs& outputs, const Error& error) {
    Status written = write_forms(outputs, check_endings_known, [&](std::string_view ending, std::ostream& out) {
        write_failed_check(error, ending, out);
    });
    if (written && arguments.json)
        written = write_to_stdout([&](std::ostream& out) { write_failed_check(error, ".json", out); });
    if (!written) {
        Error both = error;
        both.why += "; and " + written.error().what + ": " + written.error().why;
        return tl::unexpected(both);
    }
    return tl::unexpected(error);
}

Outcome run_check(CheckArguments arguments) {
    if (auto fine = check_endings(arguments.outputs, check_endings_known, arguments.json ? "--json" : ""); !fine)
        return tl::unexpected(fine.error());
    const auto baseline = baseline_files(arguments.baseline);
    std::vector<std::string> inputs = arguments.current;
    if (baseline)
        inputs.insert(inputs.end(), baseline->begin(), baseline->end());
    auto targets = resolve_outputs(arguments.outputs, inputs);
    if (!targets)
        return tl::unexpected(targets.error());
    Outputs outputs(std::move(*targets));
    const auto result = baseline.and_then([&](const std::vector<std::string>& files) {
        arguments.baseline = files;
        return check(arguments);
    });
    if (!result)
        return tell_failure(arguments, outputs, result.error());
    const Status written = write_forms(outputs, check_endings_known, [&](std::string_view ending, std::ostream& out) {
        write_check(*result, ending, out);
    });
    if (!written)
        return tl::unexpected(written.error());
    const auto print = [&](std::ostream& out) {
        if (arguments.json)
            write_check_json(*result, out);
        else
            print_check(*result, style_of_stdout().colour, out);
    };
    if (!writes_to_stdout(arguments))
        if (auto printed = write_to_stdout(print); !printed)
            return tl::unexpected(printed.error());
    return why_not_passed(*result).empty() ? ExitCode::done : ExitCode::does_not_hold;
}

// The index in CURRENT of the file that directly follows this option on the command line, if there is one.
std::optional<std::size_t> current_after(const CLI::App& command, const std::string& option) {
    const CLI::Option* const wanted = command.get_option(option);
    const CLI::Option* const current = command.get_option("CURRENT");
    const CLI::Option* before = nullptr;
    std::size_t files = 0;
    for (const CLI::Option* each : command.parse_order()) {
        if (each == current && before == wanted)
            return files;
        files += each == current;
        before = each;
    }
    return std::nullopt;
}

void add_what_to_compare(CLI::App& command, CheckArguments& arguments) {
    command
        .add_option("CURRENT", arguments.current, "The current runs, which are checked: recordings (.rcu) or summaries")
        ->type_name("FILE")
        ->required();
    add_repeatable(command, "--baseline", arguments.baseline,
                   "A recording or summary to compare with, or a quoted pattern of several ('base-*.json'); may be "
                   "given more than once; at least four current and four baseline runs are needed")
        ->type_name("FILE");
    add_repeatable(command, "--metric", arguments.metrics,
                   "A metric to compare, such as gp, gp.p90 or wait.rcu_barrier.p50; may be given more than once [gp, "
                   "gp.expedited and callback.latency, each at p50 and p99]")
        ->type_name("METRIC");
    command.add_option("--min-effect", arguments.min_effect, "Changes smaller than this are neither worse nor better")
        ->type_name("PERCENT")
        ->capture_default_str();
    command
        .add_option("--rule-out", arguments.rule_out,
                    "The verdict 'same' requires that the data rule out a slowdown of this much")
        ->type_name("PERCENT")
        ->capture_default_str();
    std::vector<std::string> settings = deciding_settings();
    settings.emplace_back("all");
    add_repeatable(command, "--allow-different", arguments.allow_different,
                   "Compare recordings that differ in this setting, or in any setting (all)")
        ->type_name("SETTING")
        ->check(CLI::IsMember(settings));
}

} // namespace

void add_check(CLI::App& app, Outcome& result) {
    auto* command = app.add_subcommand("check", "Compare recordings with earlier ones, and check them against limits");
    auto arguments = std::make_shared<CheckArguments>();
    add_what_to_compare(*command, *arguments);
    add_repeatable(*command, "--budget", arguments->budgets,
                   "A limit that each current run must keep: METRIC, one of < <= > >= ==, and a duration with its unit "
                   "or a number; may be given more than once")
        ->type_name("BUDGET");
    command->add_flag("--strict", arguments->strict,
                      "Fail on unknown results, too: not enough data, lost records, budgets for metrics without data");
    command->add_flag("--allow-incomplete", arguments->allow_incomplete, "Accept recordings that were cut off");
    command->add_flag("--json", arguments->json, "Print JSON instead (schema rcuscope.check/1)");
    add_repeatable(*command, "-o,--output", arguments->outputs,
                   "Write the result to this file, too; its ending selects the format: .xml (JUnit, for CI systems), "
                   ".json, .md (Markdown), .txt; - is standard output; may be given more than once")
        ->type_name("FILE");
    command
        ->add_option_function<std::string>(
            "--junit",
            [](const std::string& file) {
                throw CLI::ValidationError("--junit", "the option is now -o with a name that ends in .xml: -o " + file);
            })
        ->group(""); // hidden
    add_hazard_limits(*command, arguments->limits);
    command->footer(
        "Exit codes: 0 passed; 1 a metric got worse or is over its budget; 2 wrong use or unusable input,\n"
        "in which case each file of -o says why there is no result; 4 the result could not be written.\n"
        "docs/check.md defines worse, better and same, and says how often these verdicts are wrong.\n\n"
        "Examples:\n"
        "  rcuscope check run.rcu --budget 'gp.p99<50ms' --budget 'callback.latency.max<1s' --budget 'hazards==0'\n"
        "  rcuscope check now-*.rcu --baseline 'base-*.json'\n"
        "  rcuscope check now-*.json --baseline 'base-*.json' --metric gp --min-effect 5% --strict -o rcu.xml\n"
        "  rcuscope check now-*.json --baseline 'base-*.json' --json | jq .comparison.verdict");
    command->callback([command, arguments, &result] {
        arguments->after_baseline = current_after(*command, "--baseline");
        arguments->after_json = current_after(*command, "--json");
        result = run_check(*arguments);
    });
}

} // namespace rcuscope
