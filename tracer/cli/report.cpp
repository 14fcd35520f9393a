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

void write_report(const ReportArguments& arguments, const Timeline& timeline, std::ostream& out) {
    // Colours are the terminal's, and a file is none.
    Style style = style_of_stdout();
    style.colour = style.colour && arguments.output == "-";
    if (arguments.json)
        write_report_json(timeline, out);
    else if (arguments.markdown)
        show_markdown(report_of(timeline), style, out);
    else
        show_text(report_of(timeline), style, out);
}

Outcome run_report(const ReportArguments& arguments) {
    auto loaded = load_timeline(arguments.capture, arguments.limits);
    if (!loaded && read_digest(arguments.capture))
        return fail(ExitCode::bad_input, "cannot report on " + arguments.capture,
                    "it is a summary, which holds distributions and counts only", "name the recording it is of");
    if (!loaded)
        return tl::unexpected(loaded.error());
    warn_of_cut(arguments.capture, loaded->extent);
    const auto write = [&](std::ostream& out) { write_report(arguments, loaded->timeline, out); };
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
                     "The recording (.rcu); a summary of one does not hold what a report needs")
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
                    "  rcuscope report run.rcu --markdown -o run.md\n"
                    "  rcuscope report run.rcu --json | jq '.grace_periods.normal.duration'");
    command->callback([arguments, &result] { result = run_report(*arguments); });
}

} // namespace rcuscope
