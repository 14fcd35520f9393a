// SPDX-License-Identifier: BSD-2-Clause
#include "cli/flight_recorder_options.hpp"

#include "base/duration.hpp"
#include "cli/cli.hpp"

namespace rcuscope {

namespace {

constexpr std::chrono::seconds default_keep_last{10};

Status add_triggers(const std::vector<std::string>& texts, bool stop, bool follows, FlightRecorderRequest& request) {
    for (const std::string& text : texts) {
        auto trigger = parse_trigger(text, stop);
        if (!trigger)
            return tl::unexpected(trigger.error());
        const bool of_module = trigger->kind == TriggerKind::reader || trigger->kind == TriggerKind::hazard;
        if (of_module && !follows)
            return fail(ExitCode::bad_input, "trigger " + text, "no module is followed", "name one with -m");
        request.triggers.push_back(std::move(*trigger));
    }
    return {};
}

} // namespace

void add_flight_recorder_options(CLI::App& command, FlightRecorderArguments& arguments) {
    add_repeatable(
        command, "--trigger", arguments.triggers,
        "Keep the last seconds in memory, and write them each time this condition holds: gp>DURATION (a grace "
        "period took or takes longer), callback>DURATION (from queued to run), reader>DURATION (a "
        "read-side section of the module), pending>COUNT (callbacks that have not run), stall (the kernel warns of a "
        "stall), hazard; -o rare.rcu gives rare-1.rcu, rare-2.rcu, ...; may be given more "
        "than once")
        ->type_name("CONDITION");
    add_repeatable(command, "--stop-on", arguments.stops,
                   "As --trigger, but the recording then ends, and -o gives the exact names of the files")
        ->type_name("CONDITION");
    command
        .add_option("--keep-last", arguments.keep_last,
                    "Keep records of this duration (500ms, 10s) in memory, and write them when a trigger fires, or at "
                    "the end if there is no trigger [10s with --trigger and --stop-on, else everything]")
        ->type_name("DURATION");
    command
        .add_option("--keep-memory", arguments.keep_memory_mib,
                    "The greatest amount of records to keep in memory, in MiB")
        ->type_name("MIB")
        ->capture_default_str()
        ->check(CLI::Range(1, 1 << 20));
    command.add_option("--max-files", arguments.max_files, "End when triggers have written this many files")
        ->type_name("N")
        ->capture_default_str()
        ->check(CLI::Range(1, 1 << 20));
}

Result<std::optional<FlightRecorderRequest>> flight_recorder_request(const FlightRecorderArguments& arguments,
                                                                     bool follows) {
    FlightRecorderRequest request;
    request.keep_last = default_keep_last;
    if (!arguments.keep_last.empty()) {
        const auto keep_last = parse_duration(arguments.keep_last);
        if (!keep_last)
            return tl::unexpected(keep_last.error());
        if (*keep_last == 0)
            return fail(ExitCode::bad_input, "--keep-last " + arguments.keep_last, "the duration is zero",
                        "write a duration such as 10s");
        request.keep_last = std::chrono::nanoseconds(*keep_last);
    }
    if (auto added = add_triggers(arguments.triggers, false, follows, request); !added)
        return tl::unexpected(added.error());
    if (auto added = add_triggers(arguments.stops, true, follows, request); !added)
        return tl::unexpected(added.error());
    if (arguments.keep_last.empty() && request.triggers.empty())
        return std::nullopt;
    request.keep_bytes = arguments.keep_memory_mib << 20;
    request.max_files = arguments.max_files;
    return request;
}

} // namespace rcuscope
