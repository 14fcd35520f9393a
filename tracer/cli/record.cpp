// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommand `record`: parses and checks the options, runs the recorder of the mode (record/event_recorder.hpp,
// record/summary_recorder.hpp), and finishes its output (finish.hpp, numbered_outputs.hpp for triggers,
// record_summary.hpp for --mode summary).
#include <algorithm>
#include <array>
#include <bit>
#include <unistd.h>

#include "base/output_target.hpp"
#include "base/text_out.hpp"
#include "cli/cli.hpp"
#include "cli/finish.hpp"
#include "cli/flight_recorder_options.hpp"
#include "cli/hazard_options.hpp"
#include "cli/numbered_outputs.hpp"
#include "cli/record_summary.hpp"
#include "export/exporter.hpp"
#include "kernel/host.hpp"
#include "kernel/module_path.hpp"
#include "probes/probe_conflicts.hpp"
#include "probes/session.hpp"
#include "record/child.hpp"
#include "record/event_recorder.hpp"
#include "record/summary_recorder.hpp"
#include "review/review.hpp"

namespace rcuscope {

namespace {

constexpr const char* default_capture = "rcuscope.rcu";

struct RecordArguments {
    std::string mode = "events";
    // With --mode summary: the first given option that needs single events, which is an error.
    std::string for_events_only;
    std::vector<std::string> modules;
    std::vector<std::string> outputs;
    std::vector<std::string> functions;
    std::vector<std::string> reader_functions;
    bool no_functions = false;
    bool all_callbacks = false;
    bool until_unload = false;
    std::string via;
    double linger_s = 5;
    double duration_s = 0;
    std::uint64_t buffer_kib = 4096;
    FlightRecorderArguments catching;
    bool stacks = false;
    bool stats = false;
    bool strict = false;
    std::string fail_on;
    HazardLimits limits;
    bool quiet = false;
    ExportOptions options;
    std::vector<std::string> command;

    bool summary() const { return mode == "summary"; }
};

std::chrono::nanoseconds seconds(double value) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(value));
}

Result<std::vector<ModuleFile>> read_modules(const std::vector<std::string>& wanted) {
    std::vector<ModuleFile> modules;
    for (const std::string& text : wanted) {
        auto path = module_path(text);
        if (!path)
            return tl::unexpected(path.error());
        auto module = read_module_file(*path);
        if (!module)
            return tl::unexpected(module.error());
        const bool twice = std::any_of(modules.begin(), modules.end(),
                                       [&](const ModuleFile& other) { return other.name == module->name; });
        if (twice)
            return fail(ExitCode::bad_input, "-m " + text, "module " + module->name + " is named twice");
        modules.push_back(std::move(*module));
    }
    return modules;
}

// Checks the arguments by themselves. Reads no module.
Status check(const RecordArguments& arguments) {
    if (arguments.modules.size() > max_followed)
        return fail(ExitCode::bad_input, "-m given " + std::to_string(arguments.modules.size()) + " times",
                    "at most " + std::to_string(max_followed) + " modules can be followed at once");
    if (arguments.until_unload && arguments.modules.empty())
        return fail(ExitCode::bad_input, "--until-unload", "no module is followed", "name one with -m");
    if (!arguments.functions.empty() && arguments.modules.empty())
        return fail(ExitCode::bad_input, "--function", "no module is followed", "name one with -m");
    if (arguments.buffer_kib < 4 || arguments.buffer_kib > (1u << 20) || !std::has_single_bit(arguments.buffer_kib))
        return fail(ExitCode::bad_input, "--buffer " + std::to_string(arguments.buffer_kib),
                    "it must be a power of two from 4 to 1048576 (KiB for each CPU)");
    if (!arguments.command.empty())
        if (auto can = can_start(arguments.command.front()); !can)
            return can;
    const bool summary = arguments.summary();
    if (!arguments.for_events_only.empty())
        return fail(ExitCode::bad_input, arguments.for_events_only, "it needs events, and --mode summary keeps none",
                    "leave out one of the two");
    if (summary)
        if (auto output = summary_output(arguments.outputs); !output)
            return tl::unexpected(output.error());
    for (const std::string& output : arguments.outputs)
        if (!is_capture(output) && !summary)
            if (auto format = format_for_file(output); !format)
                return fail(format.error().code, format.error().what, format.error().why,
                            format.error().hint + (format.error().hint.empty() ? "" : "; ") +
                                "or .rcu for the recording itself");
    if (std::count_if(arguments.outputs.begin(), arguments.outputs.end(), is_capture) > 1)
        return fail(ExitCode::bad_input, "-o", "only one recording (.rcu) can be written at once");
    return {};
}

Result<RecordRequest> request_from(const RecordArguments& arguments) {
    RecordRequest request;
    auto modules = read_modules(arguments.modules);
    if (!modules)
        return tl::unexpected(modules.error());
    request.modules = std::move(*modules);
    for (const ModuleFile& module : request.modules) {
        auto reading = review_module(module.path);
        if (!reading)
            return tl::unexpected(reading.error());
        request.other_waits.emplace(module.name, std::move(reading->other_waits));
    }
    auto readers = reader_functions(arguments.reader_functions, request.modules);
    if (!readers)
        return tl::unexpected(readers.error());
    request.reader_functions = std::move(*readers);
    if (!arguments.via.empty()) {
        auto via = way_from_text(arguments.via);
        if (!via)
            return tl::unexpected(via.error());
        request.via = *via;
    }
    if (!arguments.no_functions && !arguments.summary())
        request.functions = arguments.functions.empty() ? std::vector<std::string>{"*"} : arguments.functions;
    leave_out_conflicts(request.modules, request.functions, request.reader_functions);
    request.command = arguments.command;
    request.tool_version = version_text();
    request.all_callbacks = arguments.all_callbacks || arguments.modules.empty();
    request.until_unload = arguments.until_unload;
    request.linger = seconds(arguments.linger_s);
    if (arguments.duration_s > 0)
        request.duration = seconds(arguments.duration_s);
    request.ring_bytes = static_cast<std::uint32_t>(arguments.buffer_kib << 10);
    request.stacks = arguments.stacks;
    request.stats = arguments.stats;
    request.progress = !arguments.quiet && ::isatty(STDERR_FILENO);
    return request;
}

ExitCode told_of_command(const RecordArguments& arguments, std::optional<int> status) {
    if (status.value_or(0) == 0)
        return ExitCode::done;
    StandardError() << "rcuscope: " << arguments.command.front() << " ended with status " << *status << "\n";
    return ExitCode::does_not_hold;
}

// Resolves the outputs before the recording, so that an unusable name is an error at the start.
Result<std::vector<OutputTarget>> outputs_of(const RecordArguments& arguments) {
    std::vector<std::string> paths = arguments.outputs;
    if (arguments.summary())
        paths = {*summary_output(arguments.outputs)};
    else if (paths.empty())
        paths = {default_capture};
    std::vector<std::string> modules;
    for (const std::string& module : arguments.modules)
        if (auto path = module_path(module))
            modules.push_back(std::move(*path));
    return resolve_outputs(paths, modules);
}

// A capture in a pipe cannot be read back, so nothing can be made from it.
Status check_readable(const RecordArguments& arguments, const CaptureDestination& place) {
    const bool read = arguments.outputs.size() > 1 || arguments.strict || !arguments.fail_on.empty();
    if (!read || !place.target || place.target->is_file())
        return {};
    return fail(ExitCode::bad_input, "-o " + place.target->path(),
                "it is a pipe or a device, which other outputs, --strict and --fail-on cannot read back",
                "name a file, or leave out the others");
}

// Returns nothing if a signal came before the recording began.
Result<std::optional<ExitCode>> run_summary(const RecordArguments& arguments, RecordRequest request,
                                            const OutputTarget& output, const EndSignals& signals) {
    request.earlier = file_names({output});
    const auto outcome = record_summary(request, signals);
    if (!outcome)
        return tl::unexpected(outcome.error());
    if (!*outcome)
        return std::nullopt;
    const SummaryRecording& recorded = **outcome;
    EndSignals::say("", "rcuscope: ended at once: the summary is not written\n", file_names({output}));
    auto finished = finish_summary(recorded, output, arguments.strict, arguments.quiet);
    if (!finished)
        return tl::unexpected(finished.error());
    return std::max(*finished, told_of_command(arguments, recorded.trailer.command_status));
}

// The first given option that needs events; empty if there is none.
std::string for_events_only(const CLI::App& command) {
    constexpr std::array options{"--function",  "--reader-function", "--trigger",        "--stop-on",
                                 "--keep-last", "--keep-memory",     "--max-files",      "--stacks",
                                 "--fail-on",   "--long-reader",     "--callback-flood", "--addresses"};
    for (const char* option : options)
        if (command.get_option(option)->count() > 0)
            return option;
    return "";
}

// Writes the other formats and prints the summary. Tells the signal handlers what is still missing.
Outcome finish(const FinishRequest& request, CaptureWriter& capture) {
    return finish_recording(
        request, capture, true,
        [&](const std::vector<OutputTarget>& missing) {
            std::string at_first;
            if (!request.quiet && ::isatty(STDERR_FILENO))
                at_first = "rcuscope: the recording has ended; writing the outputs (Ctrl-C stops that)\n";
            // Without a file among the outputs the capture has no name, and vanishes with the process.
            const bool named = std::ranges::any_of(request.outputs, &OutputTarget::is_file);
            std::string at_second = named ? at_once_text(capture.path(), paths_of(missing))
                                          : "rcuscope: ended at once: nothing is written\n";
            EndSignals::say(at_first, missing.empty() ? "" : at_second, file_names(missing));
        });
}

Result<EventOutput> event_output(const RecordArguments& arguments, const FinishRequest& finishing) {
    EventOutput output{capture_place(finishing.outputs), {}, paths_of(finishing.exports())};
    if (auto readable = check_readable(arguments, output.capture); !readable)
        return tl::unexpected(readable.error());
    auto flight_recorder = flight_recorder_request(arguments.catching, !arguments.modules.empty());
    if (!flight_recorder)
        return tl::unexpected(flight_recorder.error());
    output.flight_recorder = std::move(*flight_recorder);
    return output;
}

// Returns nothing if a signal came before the recording began.
Result<std::optional<ExitCode>> run_events(const RecordArguments& arguments, RecordRequest request,
                                           const FinishRequest& finishing, const EndSignals& signals) {
    auto output = event_output(arguments, finishing);
    if (!output)
        return tl::unexpected(output.error());
    const std::vector<OutputTarget> exports = finishing.exports();
    NumberedOutputs numbered(finishing);
    if (output->flight_recorder) {
        output->flight_recorder->next_file = [&numbered] { return numbered.next(); };
        output->flight_recorder->written = [&numbered](CaptureWriter& capture) { numbered.written(capture); };
    } else { // files of triggers have new names, so there are no earlier files
        request.earlier = file_names(exports);
    }
    auto outcome = record_events(request, *output, signals);
    ExitCode worst = numbered.finish();
    if (!outcome)
        return tl::unexpected(outcome.error());
    if (!*outcome)
        return std::nullopt;
    EventRecording& recorded = **outcome;
    if (recorded.capture) {
        auto finished = finish(finishing, *recorded.capture);
        if (!finished)
            return tl::unexpected(finished.error());
        worst = std::max(worst, *finished);
    } else if (!arguments.quiet) {
        StandardError() << "rcuscope: ended: " << recorded.end_reason << "\n";
    }
    return std::max(worst, told_of_command(arguments, recorded.command_status));
}

Outcome run_record(const RecordArguments& arguments) {
    if (auto fine = check(arguments); !fine)
        return tl::unexpected(fine.error());
    auto outputs = outputs_of(arguments);
    if (!outputs)
        return tl::unexpected(outputs.error());
    auto request = request_from(arguments);
    if (!request)
        return tl::unexpected(request.error());
    const FinishRequest finishing{*outputs,          arguments.limits, arguments.options,
                                  arguments.fail_on, arguments.strict, arguments.quiet};
    auto signals = EndSignals::take();
    if (!signals)
        return tl::unexpected(signals.error());
    const auto outcome = arguments.summary() ? run_summary(arguments, std::move(*request), outputs->front(), *signals)
                                             : run_events(arguments, std::move(*request), finishing, *signals);
    if (!outcome)
        return tl::unexpected(outcome.error());
    if (*outcome)
        return **outcome;
    StandardError() << "rcuscope: interrupted before the recording began: nothing is recorded\n";
    EndSignals::die();
}

} // namespace

void add_record(CLI::App& app, Outcome& result) {
    auto* command = app.add_subcommand("record", "Record what RCU and a module do, while a command runs");
    auto arguments = std::make_shared<RecordArguments>();
    add_repeatable(*command, "-m,--module", arguments->modules,
                   "Follow this module from its first instruction: its .ko file, or the name of an installed one");
    command
        ->add_option("--mode", arguments->mode,
                     "events: keep each event with its time; summary: count in the kernel, at a lower cost, and write "
                     "distributions only, as `rcuscope summarize` does")
        ->check(CLI::IsMember({"events", "summary"}))
        ->capture_default_str();
    std::string formats = "The file to write; its ending selects the format: .rcu (the recording itself)";
    for (const ExportFormat& format : export_formats())
        formats += ", " + std::string(format.ending) + " (" + std::string(format.about) + ")";
    add_repeatable(
        *command, "-o,--output", arguments->outputs,
        formats +
            "; may be given more than once [rcuscope.rcu]; with --mode summary: the summary, .json [rcuscope.json]");
    add_repeatable(*command, "--function", arguments->functions,
                   "Record calls of these functions of the module only (a pattern, such as 'cmap_*') [all of them]");
    add_repeatable(*command, "--reader-function", arguments->reader_functions,
                   "Count each call of this function as a read-side section: FUNCTION (a pattern) or "
                   "MODULE:FUNCTION; the only way to see readers on a kernel without CONFIG_PREEMPT_RCU");
    command->add_flag("--no-functions", arguments->no_functions, "Record no calls of the module's functions");
    command->add_flag("--all-callbacks", arguments->all_callbacks,
                      "Record all callbacks of the system, not only the modules'; this is the default without -m");
    command->add_flag("--until-unload", arguments->until_unload, "Record until the module is gone");
    command->add_option("--linger", arguments->linger_s, "Seconds to wait for callbacks that are pending at the end")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    command->add_option("--duration", arguments->duration_s, "End after this many seconds")->check(CLI::PositiveNumber);
    command->add_option("--via", arguments->via,
                        "Use only this way of observation, and record only what it shows: tracepoint, fentry or kprobe "
                        "[the best for each hook]");
    add_flight_recorder_options(*command, arguments->catching);
    command->add_option("--buffer", arguments->buffer_kib, "KiB of buffer for each CPU, a power of two")
        ->capture_default_str();
    command->add_flag("--stacks", arguments->stacks,
                      "Record the stack, not only the caller, of each call that queues a callback, gives memory to "
                      "kvfree_rcu(), or waits");
    command->add_flag("--stats", arguments->stats, "Measure the recording's own cost: the run time of each program");
    command->add_flag("--strict", arguments->strict, "Exit code 1 if events were lost");
    add_fail_on(*command, arguments->fail_on);
    add_hazard_limits(*command, arguments->limits);
    command->add_flag("--addresses", arguments->options.addresses,
                      "Include kernel addresses, which are a secret of the machine, in exports");
    command->add_flag("-q,--quiet", arguments->quiet, "Print neither progress nor a summary");
    command->add_option("COMMAND", arguments->command, "The command to run, after --")->expected(1, 1 << 20);
    command->positionals_at_end();
    command->footer(
        "The recording ends when the command has ended and the callbacks that were then pending have run (see "
        "--linger),\n"
        "when the module is gone (--until-unload), after --duration, or with Ctrl-C. Then it prints a summary on "
        "stderr.\n"
        "The first Ctrl-C (SIGINT, SIGTERM, SIGHUP) ends the recording, a second one ends rcuscope at once, which "
        "names the\nfiles that are not written. An earlier file of the recording's name stays until the new one is "
        "complete.\n"
        "Exit code 1 if the command failed, or a condition of --strict or --fail-on does not hold; 4 if an output\n"
        "could not be written.\n\n"
        "Examples:\n"
        "  sudo rcuscope record -m rcucmap.ko -o run.rcu -o run.json -o run.pftrace -- insmod rcucmap.ko\n"
        "  sudo rcuscope record -m rcucmap.ko --until-unload -o run.rcu -- insmod rcucmap.ko\n"
        "  sudo rcuscope record -m mine.ko --until-unload --fail-on hazard -o mine.rcu -- sh -c 'insmod mine.ko; "
        "rmmod mine'\n"
        "  sudo rcuscope record -m mine.ko --reader-function mine:lookup -o mine.rcu -- insmod mine.ko\n"
        "  sudo rcuscope record --duration 10 -o system.rcu\n"
        "  sudo rcuscope record --mode summary --duration 60 -o system.json\n"
        "  sudo rcuscope record --mode summary -m mine.ko --until-unload -o mine.json -- sh -c 'insmod mine.ko; sleep "
        "9; "
        "rmmod mine'\n"
        "  sudo rcuscope record --keep-last 10s --trigger 'gp>200ms' -o rare.rcu\n"
        "  sudo rcuscope record --stop-on stall --stop-on 'pending>100000' -o rare.rcu -o rare.json");
    command->callback([command, arguments, &result] {
        if (arguments->mode == "summary")
            arguments->for_events_only = for_events_only(*command);
        result = run_record(*arguments);
    });
}

} // namespace rcuscope
