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

static void fields(auto& visit, Of<HostInfo> auto& host) {
    visit("kernel", host.kernel);
    visit("machine", host.machine);
    visit("cpus", host.cpus);
    visit("hz", host.hz);
    visit("preempt_rcu", host.preempt_rcu);
    visit("rcu_trace", host.rcu_trace);
    visit("clock", host.clock);
    visit("settings", host.settings);
}

static void fields(auto& visit, Of<ClockSnapshot> auto& clocks) {
    visit("boottime_ns", clocks.boottime_ns);
    visit("monotonic_ns", clocks.monotonic_ns);
    visit("realtime_ns", clocks.realtime_ns);
}

static void fields(auto& visit, Of<RcuSequences> auto& sequences) {
    visit("gp_seq", sequences.gp_seq);
    visit("expedited_seq", sequences.expedited_seq);
}

static void fields(auto& visit, Of<OwnShare> auto& share) {
    visit("attach_ns", share.attach_ns);
    visit("attach_grace_periods", share.attach_grace_periods);
    visit("attach_expedited", share.attach_expedited);
    visit("detach_ns", share.detach_ns);
    visit("detach_grace_periods", share.detach_grace_periods);
    visit("detach_expedited", share.detach_expedited);
}

static void fields(auto& visit, Of<ProbeInfo> auto& probe) {
    visit("hook", probe.hook);
    visit("via", probe.via);
    visit("symbol", probe.symbol);
}

static void fields(auto& visit, Of<MissingInfo> auto& missing) {
    visit("hook", missing.hook);
    visit("why", missing.why);
}

static void fields(auto& visit, Of<ModuleFunction> auto& function) {
    visit("name", function.name);
    visit("section", function.section);
    visit("offset", function.offset);
    visit("size", function.size);
}

static void fields(auto& visit, Of<ModuleSectionSize> auto& section) {
    visit("name", section.name);
    visit("size", section.size);
}

static void fields(auto& visit, Of<ModuleJump> auto& jump) {
    visit("function", jump.function);
    visit("offset", jump.offset);
    visit("target", jump.target);
}

static void fields(auto& visit, Of<ModuleInfo> auto& module) {
    visit("name", module.name);
    visit("file", module.file);
    visit("build_id", module.build_id);
    visit("init_function", module.init_function);
    visit("exit_function", module.exit_function);
    visit("functions", module.functions);
    visit("not_followed", module.not_followed);
    visit("sections", module.sections);
    visit("jumps", module.jumps);
    visit("exit_waits_in", module.exit_waits_in);
    visit("exit_polls_with", module.exit_polls_with);
    visit("wakers", module.wakers);
}

static void fields(auto& visit, Of<SiteInfo> auto& site) {
    visit("kind", site.kind);
    visit("module", site.module);
    visit("function", site.function);
    visit("offset", site.offset);
}

static void fields(auto& visit, Of<Metadata> auto& metadata) {
    visit("tool_version", metadata.tool_version);
    visit("host", metadata.host);
    visit("clocks", metadata.clocks);
    visit("start_ns", metadata.start_ns);
    visit("command", metadata.command);
    visit("followed", metadata.followed);
    visit("all_callbacks", metadata.all_callbacks);
    visit("probes", metadata.probes);
    visit("missing", metadata.missing);
    visit("modules", metadata.modules);
    visit("sites", metadata.sites);
    visit("sequences", metadata.sequences);
}

static void fields(auto& visit, Of<ProbeHits> auto& hits) {
    visit("hook", hits.hook);
    visit("via", hits.via);
    visit("hits", hits.hits);
    visit("missed", hits.missed);
}

static void fields(auto& visit, Of<CpuLoss> auto& loss) {
    visit("cpu", loss.cpu);
    visit("total", loss.total);
    visit("from_ns", loss.from_ns);
    visit("to_ns", loss.to_ns);
}

static void fields(auto& visit, Of<CallbackLosses> auto& lost) {
    visit("queued", lost.queued);
    visit("invoked", lost.invoked);
    visit("done", lost.done);
}

static void fields(auto& visit, Of<FiredTrigger> auto& fired) {
    visit("trigger", fired.trigger);
    visit("text", fired.text);
    visit("on", fired.on);
    visit("id", fired.id);
    visit("began_ns", fired.began_ns);
    visit("fired_ns", fired.fired_ns);
}

static void fields(auto& visit, Of<ProgramRuns> auto& program) {
    visit("program", program.program);
    visit("place", program.place);
    visit("runs", program.runs);
    visit("ns", program.ns);
}

static void fields(auto& visit, Of<RunStats> auto& stats) {
    visit("programs", stats.programs);
    visit("recorder_cpu_ns", stats.recorder_cpu_ns);
}

static void fields(auto& visit, Of<Trailer> auto& trailer) {
    visit("end_ns", trailer.end_ns);
    visit("reason", trailer.reason);
    visit("command_status", trailer.command_status);
    visit("hits", trailer.hits);
    visit("lost", trailer.lost);
    visit("fired", trailer.fired);
    visit("sequences", trailer.sequences);
    visit("own_share", trailer.own_share);
    visit("stats", trailer.stats);
    visit("lost_callbacks", trailer.lost_callbacks);
    visit("missing", trailer.missing);
}

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
                    "metadata.host.cpus is more than the " + std::to_string(max_cpus) + " that Linux can have");
    }
    return metadata;
}

Result<Trailer> trailer_from_json(const nlohmann::json& json) {
    return decode_whole<Trailer>(json, "trailer");
}

} // namespace rcuscope
