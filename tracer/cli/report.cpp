// SPDX-License-Identifier: BSD-2-Clause
#include "report/report.hpp"

#include "analysis/digest_json.hpp"
#include "base/whole_file.hpp"
#include "cli/cli.hpp"
#include "cli/hazard_options.hpp"
#include "cli/load.hpp"
#include "report/show.hpp"

namespace rcuscope {

namespace {

struct ReportArguments {
    std::string capture;
    std::string output = "-";
    bool json = false;
    bool markdown = false;
    HazardLimits limits;
};

void write_report(const ReportArguments& arguments, const Document& report, std::ostream& out) {
    // Colours are the terminal's, and a file is none.
    Style style = style_of_stdout();
    style.colour = style.colour && arguments.output == "-";
    if (arguments.markdown)
        show_markdown(report, style, out);
    else
        show_text(report, style, out);
}

Outcome report_on_summary(const ReportArguments& arguments, const Digest& digest) {
    if (arguments.json)
        return fail(ExitCode::bad_input, "--json", arguments.capture + " is a summary, and JSON itself",
                    "read its own JSON (docs/summary.schema.json), or name the recording it is of");
    if (auto written =
            write_whole(arguments.output, [&](std::ostream& out) { write_report(arguments, report_of(digest), out); });
        !written)
        return tl::unexpected(written.error());
    return ExitCode::done;
}

Outcome run_report(const ReportArguments& arguments) {
    auto loaded = load_numbers(arguments.capture, arguments.limits);
    if (!loaded) {
        if (const auto digest = read_digest(arguments.capture))
            return report_on_summary(arguments, *digest);
        return tl::unexpected(loaded.error());
    }
    const auto write = [&](std::ostream& out) {
        if (arguments.json)
            write_report_json(loaded->timeline, loaded->numbers, out);
        else
            write_report(arguments, report_of(loaded->timeline, loaded->numbers), out);
    };
    if (auto written = write_whole(arguments.output, write); !written)
        return tl::unexpected(written.error());
    return ExitCode::done;
}

} // namespace

void add_report(CLI::App& app, Outcome& result) {
    auto* command = app.add_subcommand("report", "Say what matters in a recording, on a page");
    auto arguments = std::make_shared<ReportArguments>();
    command
        ->add_option("CAPTURE", arguments->capture,
                     "The recording (.rcu), or a summary of one, of which there is less to say")
        ->required();
    auto* json = command->add_flag("--json", arguments->json, "For scripts (schema rcuscope.report/1)");
    command->add_flag("--markdown", arguments->markdown, "For an issue or a wiki")->excludes(json);
    command->add_option("-o,--output", arguments->output, "Where to; - is standard output")
        ->type_name("FILE")
        ->capture_default_str();
    add_hazard_limits(*command, arguments->limits);
    command->footer("Percentiles are those of all events, or up to 0.8 % greater; the greatest is exact.\n\n"
                    "Examples:\n"
                    "  rcuscope report run.rcu\n"
                    "  rcuscope report summary.json\n"
                    "  rcuscope report run.rcu --markdown -o run.md\n"
                    "  rcuscope report run.rcu --json | jq '.grace_periods.normal.duration'");
    command->callback([arguments, &result] { result = run_report(*arguments); });
}

} // namespace rcuscope
