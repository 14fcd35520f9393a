// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommand `report`: prints a page about a recording, or about a summary of one, as text, Markdown or JSON.
#include "report/report.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "analysis/digest_json.hpp"
#include "base/whole_file.hpp"
#include "cli/cli.hpp"
#include "cli/hazard_options.hpp"
#include "cli/load.hpp"
#include "cli/outputs.hpp"
#include "report/show.hpp"

namespace rcuscope {

namespace {

constexpr std::array<std::string_view, 3> report_endings{".txt", ".md", ".json"};

struct ReportArguments {
    std::string capture;
    std::vector<std::string> outputs;
    bool json = false;
    bool markdown = false;
    HazardLimits limits;

    std::string_view printed() const { return json ? ".json" : markdown ? ".md" : ".txt"; }
    bool prints() const { return outputs.empty() || json || markdown; }
    bool wants_json() const {
        return json || std::any_of(
                           outputs.begin(), outputs.end(),
                           [](const auto& path) { return ending_of(path, report_endings) == ".json"; });
    }
};

void write_report(const Document& report, std::string_view ending, const Style& style, std::ostream& out) {
    if (ending == ".md")
        show_markdown(report, style, out);
    else
        show_text(report, style, out);
}

// Writes the report in the format of an ending. A file's name selects its format; flags select that of standard output.
using WriteReport = std::function<void(std::string_view ending, const Style& style, std::ostream& out)>;

Outcome write_reports(const ReportArguments& arguments, Outputs& outputs, const WriteReport& write) {
    const Style style = style_of_stdout();
    // Files get no colours.
    const auto into_file = [&](std::string_view ending, std::ostream& out) {
        write(ending, {.colour = false, .unicode = style.unicode}, out);
    };
    if (auto written = write_forms(outputs, report_endings, into_file); !written)
        return tl::unexpected(written.error());
    if (arguments.prints())
        if (auto written = write_to_stdout([&](std::ostream& out) { write(arguments.printed(), style, out); });
            !written)
            return tl::unexpected(written.error());
    return ExitCode::done;
}

Outcome report_on_summary(const ReportArguments& arguments, Outputs& outputs, const Digest& digest) {
    if (arguments.wants_json())
        return outputs.give_up(
            {ExitCode::bad_input, "cannot report in JSON", arguments.capture + " is a summary, which is JSON already",
             "read that file (docs/summary.schema.json), or name the recording from which it was made"});
    return write_reports(arguments, outputs, [&](std::string_view ending, const Style& style, std::ostream& out) {
        write_report(report_of(digest), ending, style, out);
    });
}

Outcome run_report(const ReportArguments& arguments) {
    const char* const printed = arguments.json ? "--json" : arguments.markdown ? "--markdown" : "";
    if (auto fine = check_endings(arguments.outputs, report_endings, printed); !fine)
        return tl::unexpected(fine.error());
    auto targets = resolve_outputs(arguments.outputs, {arguments.capture});
    if (!targets)
        return tl::unexpected(targets.error());
    Outputs outputs(std::move(*targets));
    auto loaded = load_timeline(arguments.capture, arguments.limits);
    if (!loaded) {
        if (const auto digest = read_digest(arguments.capture))
            return report_on_summary(arguments, outputs, *digest);
        return outputs.give_up(loaded.error());
    }
    const Recording::Binding bound(*loaded->recording);
    return write_reports(arguments, outputs, [&](std::string_view ending, const Style& style, std::ostream& out) {
        if (ending == ".json")
            write_report_json(loaded->timeline, loaded->analysis, out);
        else
            write_report(report_of(loaded->timeline, loaded->analysis), ending, style, out);
    });
}

} // namespace

void add_report(CLI::App& app, Outcome& result) {
    auto* command = app.add_subcommand("report", "Print a report of about one page on a recording");
    auto arguments = std::make_shared<ReportArguments>();
    command->add_option("CAPTURE", arguments->capture, "The recording (.rcu), or a summary, whose report is shorter")
        ->required();
    auto* json = command->add_flag("--json", arguments->json, "Print JSON (schema rcuscope.report/1)");
    command->add_flag("--markdown", arguments->markdown, "Print Markdown, for an issue or a wiki")->excludes(json);
    add_output_option(*command, arguments->outputs, report_endings);
    add_hazard_limits(*command, arguments->limits);
    command->footer("Percentiles are exact, or up to 0.8 % too great; the maximum is exact.\n\n"
                    "Examples:\n"
                    "  rcuscope report run.rcu\n"
                    "  rcuscope report summary.json\n"
                    "  rcuscope report run.rcu -o run.md\n"
                    "  rcuscope report run.rcu --json | jq '.grace_periods.normal.duration'");
    command->callback([arguments, &result] { result = run_report(*arguments); });
}

} // namespace rcuscope
