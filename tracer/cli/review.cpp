// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommand `review`: finds RCU mistakes in module files without loading them. The analysis is in
// review/review.hpp, the output in review_result.hpp.
#include <algorithm>
#include <array>
#include <unistd.h>

#include "base/text_out.hpp"
#include "base/whole_file.hpp"
#include "cli/cli.hpp"
#include "cli/module_set.hpp"
#include "cli/outputs.hpp"
#include "cli/review_result.hpp"
#include "review/review.hpp"

namespace rcuscope {

namespace {

constexpr std::array<std::string_view, 2> review_endings{".txt", ".json"};

struct ReviewArguments {
    std::vector<std::string> modules;
    ModuleSet set;
    std::vector<std::string> fail_on;
    std::vector<std::string> outputs;
    bool json = false;
    bool quiet = false;
};

// The findings that --fail-on counts: of these kinds (empty: of all kinds), with at least this sureness.
struct Gate {
    bool any = false;
    std::vector<FindingKind> kinds;
    Confidence sureness = Confidence::likely;

    bool stops(const Finding& finding) const {
        const bool kind = kinds.empty() || std::find(kinds.begin(), kinds.end(), finding.kind) != kinds.end();
        return any && kind && finding.sureness <= sureness;
    }
};

Result<Gate> gate_from(const std::vector<std::string>& words) {
    Gate gate;
    gate.any = !words.empty();
    for (const std::string& word : words) {
        if (word == "any")
            continue;
        if (const auto kind = finding_kind_from(word))
            gate.kinds.push_back(*kind);
        else if (const auto sureness = sureness_from(word))
            gate.sureness = *sureness;
        else
            return fail(ExitCode::bad_input, "--fail-on " + word, "it is neither a kind of finding nor a sureness",
                        "kinds: no-barrier, wrong-barrier, barrier-too-early, cache-destroyed-before-barrier, "
                        "callback-in-init-text, lock-without-unlock; sureness: shown, likely, cannot-tell; or any");
    }
    return gate;
}

class Progress {
public:
    Progress(std::size_t all, bool quiet) : all_(all), shown_(!quiet && all > 1 && ::isatty(STDERR_FILENO)) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() {
        if (shown_)
            StandardError() << "\r\x1b[K";
    }
    void next() {
        constexpr std::size_t step = 50;
        if (shown_ && done_++ % step == 0)
            StandardError() << "\r" << done_ << " of " << all_ << " modules";
    }

private:
    std::size_t all_;
    std::size_t done_ = 0;
    bool shown_;
};

Result<ReviewResult> review(const ReviewArguments& arguments) {
    const auto modules = find_modules(arguments.modules, arguments.set);
    if (!modules)
        return tl::unexpected(modules.error());
    ReviewResult result;
    result.one_asked = modules->size() == 1;
    Exporters exporters;
    Progress progress(modules->size(), arguments.quiet);
    for (const NamedModule& module : *modules) {
        progress.next();
        auto reading = review_module(module.path, exporters.of(module.path));
        if (reading)
            result.modules.push_back(std::move(*reading));
        else if (module.from_folder)
            result.unread.push_back({module.path, reading.error().why});
        else
            return tl::unexpected(reading.error());
    }
    return result;
}

Outcome run_review(const ReviewArguments& arguments) {
    if (auto fine = check_endings(arguments.outputs, review_endings, arguments.json ? "--json" : ""); !fine)
        return tl::unexpected(fine.error());
    const auto gate = gate_from(arguments.fail_on);
    if (!gate)
        return tl::unexpected(gate.error());
    auto targets = resolve_outputs(arguments.outputs, arguments.modules);
    if (!targets)
        return tl::unexpected(targets.error());
    Outputs outputs(std::move(*targets));
    const auto result = review(arguments);
    if (!result)
        return outputs.give_up(result.error());
    const auto write = [&](std::string_view ending, std::ostream& out) {
        ending == ".json" ? write_review_json(*result, out) : write_review_text(*result, out);
    };
    if (auto written = write_forms(outputs, review_endings, write); !written)
        return tl::unexpected(written.error());
    if (arguments.json || arguments.outputs.empty())
        if (auto printed = write_to_stdout([&](std::ostream& out) { write(arguments.json ? ".json" : ".txt", out); });
            !printed)
            return tl::unexpected(printed.error());
    std::size_t stopping = 0;
    for (const ModuleReading& module : result->modules)
        stopping +=
            static_cast<std::size_t>(std::count_if(module.findings.begin(), module.findings.end(),
                                                   [&](const Finding& finding) { return gate->stops(finding); }));
    if (stopping > 0) {
        StandardError() << "rcuscope: " << stopping << (stopping == 1 ? " finding" : " findings")
                        << " that --fail-on selects\n";
        return ExitCode::does_not_hold;
    }
    // If no file could be read, "no findings" would be a false negative.
    if (result->modules.empty())
        return fail(ExitCode::bad_input, "cannot review", "none of the files can be read as a module");
    return result->unread.empty() ? ExitCode::done : ExitCode::bad_input;
}

} // namespace

void add_review(CLI::App& app, Outcome& result) {
    auto* command = app.add_subcommand("review", "Find faults in a module's use of RCU by reading its .ko");
    auto arguments = std::make_shared<ReviewArguments>();
    command
        ->add_option("MODULE", arguments->modules,
                     "A .ko (also .ko.xz, .ko.zst, .ko.gz), a module's name as for modprobe, or a folder")
        ->required();
    command->add_option("-k,--kernel", arguments->set.release,
                        "The kernel among whose installed modules names are looked up [the running one]");
    command->add_option("--root", arguments->set.root, "The folder that contains that kernel's /lib/modules [/]");
    command->add_flag("--json", arguments->json, "Print JSON (schema rcuscope.review/1)");
    command->add_flag("-q,--quiet", arguments->quiet, "No progress on the terminal");
    add_output_option(*command, arguments->outputs, review_endings);
    command
        ->add_option("--fail-on", arguments->fail_on,
                     "Exit code 1 for findings of these kinds, of this sureness or more (shown, likely, cannot-tell) "
                     "[likely], or any; a list separated by commas; may be given more than once")
        ->delimiter(',')
        ->expected(1)
        ->take_all()
        ->allow_extra_args(false);
    command->footer(
        "Needs neither root nor a kernel. Reads which work is deferred and how the exit function waits, and finds:\n"
        "no-barrier, wrong-barrier, barrier-too-early, cache-destroyed-before-barrier, callback-in-init-text,\n"
        "lock-without-unlock. Each finding is shown, likely, or cannot be told from the file, and says why.\n"
        "Exit code 1 for findings that --fail-on selects; 2 if a file could not be read, also below a folder.\n\n"
        "Examples:\n"
        "  rcuscope review mine.ko\n"
        "  rcuscope review nf_tables --json | jq '.modules[0].exit.waits'\n"
        "  rcuscope review --fail-on any build/modules\n"
        "  rcuscope review --fail-on no-barrier,wrong-barrier --fail-on shown mine.ko\n"
        "  rcuscope review -k 6.1.0-57-amd64 --root /srv/image vxlan tun");
    command->callback([arguments, &result] { result = run_review(*arguments); });
}

} // namespace rcuscope
