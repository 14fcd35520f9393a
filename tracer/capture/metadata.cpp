// SPDX-License-Identifier: BSD-2-Clause
#include "capture/metadata.hpp"

#include <array>

#include "capture/format.hpp"
#include "capture/json_codec.hpp"

namespace rcuscope {

// The names are in the order of the enum.
static constexpr std::array<const char*, 7> names_of(SiteKind) {
    return {"read_lock", "read_unlock", "function_entry", "function_return", "reader_entry", "reader_return", "jump"};
}

static constexpr std::array<const char*, 5> names_of(FiredOn) {
    return {"nothing", "grace_period", "expedited_grace_period", "callback", "read_section"};
}

JSON_FIELDS(HostInfo, kernel, machine, cpus, hz, preempt_rcu, rcu_trace, clock, settings)
JSON_FIELDS(ClockSnapshot, boottime_ns, monotonic_ns, realtime_ns)
JSON_FIELDS(RcuSequences, gp_seq, expedited_seq)
JSON_FIELDS(OwnShare, attach_ns, attach_grace_periods, attach_expedited, detach_ns, detach_grace_periods,
            detach_expedited)
JSON_FIELDS(ProbeInfo, hook, via, symbol)
JSON_FIELDS(MissingInfo, hook, why)
JSON_FIELDS(ModuleFunction, name, section, offset, size)
JSON_FIELDS(ModuleSectionSize, name, size)
JSON_FIELDS(ModuleJump, function, offset, target)
JSON_FIELDS(ModuleInfo, name, file, build_id, init_function, exit_function, functions, not_followed, sections, jumps,
            exit_waits_in, exit_polls_with, wakers)
JSON_FIELDS(SiteInfo, kind, module, function, offset)
JSON_FIELDS(Metadata, tool_version, host, clocks, start_ns, command, followed, all_callbacks, probes, missing, modules,
            sites, sequences)
JSON_FIELDS(ProbeHits, hook, via, hits, missed)
JSON_FIELDS(CpuLoss, cpu, total, from_ns, to_ns)
JSON_FIELDS(CallbackLosses, queued, invoked, done)
JSON_FIELDS(FiredTrigger, trigger, text, on, id, began_ns, fired_ns)
JSON_FIELDS(ProgramRuns, program, place, runs, ns)
JSON_FIELDS(RunStats, programs, recorder_cpu_ns)
JSON_FIELDS(Trailer, end_ns, reason, command_status, hits, lost, fired, sequences, own_share, stats, lost_callbacks,
            missing)

template <typename T>
static Result<T> decode_whole(const nlohmann::json& json, const char* name) {
    T value;
    if (auto problem = decode_json(json, value)) {
        return fail(ExitCode::bad_input, std::string("cannot read the ") + name,
                    name + problem->place + " " + problem->what);
    }
    return value;
}

std::string how_many_cpus(const HostInfo& host) {
    const auto online = host.settings.find("cpus_online");
    return (online == host.settings.end() ? "up to " + std::to_string(host.cpus) : online->second) + " CPUs";
}

nlohmann::json to_json(const Metadata& metadata) {
    return encode_json(metadata);
}

nlohmann::json to_json(const Trailer& trailer) {
    return encode_json(trailer);
}

Result<Metadata> metadata_from_json(const nlohmann::json& json) {
    auto metadata = decode_whole<Metadata>(json, "metadata");
    if (metadata && metadata->host.cpus > max_cpus) {
        return fail(ExitCode::bad_input, "cannot read the metadata",
                    "metadata.host.cpus is more than Linux's limit of " + std::to_string(max_cpus) + "");
    }
    return metadata;
}

Result<Trailer> trailer_from_json(const nlohmann::json& json) {
    return decode_whole<Trailer>(json, "trailer");
}

} // namespace rcuscope
