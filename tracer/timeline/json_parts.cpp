// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/json_parts.hpp"

#include <nlohmann/json.hpp>

#include "capture/format.hpp"
#include "capture/json_codec.hpp"
#include "timeline/summary.hpp"

namespace rcuscope {

namespace {

struct HostDocument {
    HostInfo host;
    std::optional<std::uint32_t> hz;
    std::map<std::string, std::optional<std::string>> settings;
};

void fields(auto& visit, Of<HostDocument> auto& document) {
    visit("kernel", document.host.kernel);
    visit("machine", document.host.machine);
    visit("cpus", document.host.cpus);
    visit("hz", document.hz);
    visit("preempt_rcu", document.host.preempt_rcu);
    visit("rcu_trace", document.host.rcu_trace);
    visit("clock", document.host.clock);
    visit("settings", document.settings);
}

tl::unexpected<Error> wrong(const std::string& why) {
    return fail(ExitCode::bad_input, "cannot read the machine's description", why);
}

} // namespace

nlohmann::ordered_json host_json(const HostInfo& host) {
    using Json = nlohmann::ordered_json;
    Json settings = Json::object();
    for (const HostSetting& setting : host_settings) {
        const auto at = host.settings.find(setting.name);
        settings[setting.name] = at == host.settings.end() ? Json(nullptr) : Json(at->second);
    }
    return {{"kernel", host.kernel},
            {"machine", host.machine},
            {"cpus", host.cpus},
            {"hz", host.hz == 0 ? Json(nullptr) : Json(host.hz)},
            {"preempt_rcu", host.preempt_rcu},
            {"rcu_trace", host.rcu_trace},
            {"clock", host.clock},
            {"settings", std::move(settings)}};
}

Result<HostInfo> host_from_json(const nlohmann::json& json) {
    HostDocument document;
    if (const auto problem = decode_json(json, document))
        return wrong("host" + problem->place + " " + problem->what);
    HostInfo host = std::move(document.host);
    if (host.cpus > max_cpus)
        return wrong("host.cpus is more than Linux's limit of " + std::to_string(max_cpus));
    if (document.hz && *document.hz == 0)
        return wrong("host.hz is 0");
    host.hz = document.hz.value_or(0);
    for (const HostSetting& setting : host_settings)
        if (const auto at = document.settings.find(setting.name); at != document.settings.end() && at->second)
            host.settings.emplace(setting.name, *at->second);
    return host;
}

nlohmann::ordered_json own_share_json(const std::optional<OwnShare>& share) {
    if (!share)
        return nullptr;
    return {{"attach_ns", share->attach_ns},
            {"attach_grace_periods", share->attach_grace_periods},
            {"attach_expedited", share->attach_expedited},
            {"detach_ns", share->detach_ns},
            {"detach_grace_periods", share->detach_grace_periods},
            {"detach_expedited", share->detach_expedited}};
}

nlohmann::ordered_json loss_json(const Loss& loss) {
    return {{"cpu", loss.cpu}, {"hook", nullptr}, {"from_ns", loss.from}, {"to_ns", loss.to}, {"count", loss.count}};
}

std::vector<nlohmann::ordered_json> losses_json(const CaptureSummary& capture) {
    std::vector<nlohmann::ordered_json> losses;
    for (const Loss& loss : capture.lost)
        losses.push_back(loss_json(loss));
    for (const CaptureSummary::Probe* probe : lost_runs(capture).probes)
        losses.push_back({{"cpu", nullptr},
                          {"hook", probe->hook},
                          {"from_ns", capture.start},
                          {"to_ns", capture.end},
                          {"count", probe->missed}});
    return losses;
}

} // namespace rcuscope
