// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/comparable.hpp"

#include <algorithm>
#include <functional>

namespace rcuscope {

namespace {

struct Setting {
    std::string name;
    bool decides = false;
    std::function<std::string(const HostInfo&)> value;
};

std::vector<Setting> all_settings() {
    const auto yes_or_no = [](bool value) { return std::string(value ? "yes" : "no"); };
    std::vector<Setting> settings{
        {"kernel", false, [](const HostInfo& host) { return host.kernel; }},
        {"machine", true, [](const HostInfo& host) { return host.machine; }},
        {"cpus", true, [](const HostInfo& host) { return std::to_string(host.cpus); }},
        {"hz", true, [](const HostInfo& host) { return host.hz ? std::to_string(host.hz) : "not known"; }},
        {"preempt_rcu", true, [=](const HostInfo& host) { return yes_or_no(host.preempt_rcu); }},
        {"rcu_trace", false, [=](const HostInfo& host) { return yes_or_no(host.rcu_trace); }}};
    for (const HostSetting& setting : host_settings)
        settings.push_back({setting.name, setting.decides, [name = setting.name](const HostInfo& host) {
                                const auto value = host.settings.find(name);
                                return value == host.settings.end() ? "not known" : value->second;
                            }});
    return settings;
}

// True if both digests are of the same recording: the durations of two recordings never agree to the nanosecond.
bool same_recording(const Digest& a, const Digest& b) {
    const bool anything = std::any_of(a.durations.begin(), a.durations.end(),
                                      [](const auto& durations) { return durations.second.count() > 0; });
    return anything && a.recorded == b.recorded && a.durations == b.durations;
}

} // namespace

std::vector<Difference> differences(const std::vector<RunDigest>& runs) {
    std::vector<Difference> result;
    for (const Setting& setting : all_settings()) {
        // Each distinct value, with the first run that has it.
        std::vector<std::pair<std::string, std::string>> values;
        for (const RunDigest& run : runs) {
            std::string value = setting.value(run.digest.host);
            if (std::none_of(values.begin(), values.end(), [&](const auto& seen) { return seen.first == value; }))
                values.emplace_back(std::move(value), run.name);
        }
        if (values.size() < 2)
            continue;
        Difference difference{.setting = setting.name, .decides = setting.decides, .values = ""};
        for (const auto& [value, name] : values)
            difference.values.append(difference.values.empty() ? "" : ", ").append(value).append(" in ").append(name);
        result.push_back(std::move(difference));
    }
    return result;
}

std::vector<std::string> deciding_settings() {
    std::vector<std::string> names;
    for (const Setting& setting : all_settings())
        if (setting.decides)
            names.push_back(setting.name);
    return names;
}

Status refuse_to_compare(const std::vector<Difference>& differences, const std::set<std::string>& allowed) {
    std::string why;
    std::string options;
    for (const Difference& difference : differences) {
        if (!difference.decides || allowed.contains(difference.setting) || allowed.contains("all"))
            continue;
        why += (why.empty() ? "" : "; ") + difference.setting + " is " + difference.values;
        options += " --allow-different " + difference.setting;
    }
    if (why.empty())
        return {};
    return fail(ExitCode::bad_input, "cannot compare these recordings", why,
                "record both with the same settings, or allow the difference:" + options);
}

Status refuse_twice(const std::vector<RunDigest>& runs) {
    for (std::size_t i = 0; i < runs.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (same_recording(runs[i].digest, runs[j].digest))
                return fail(ExitCode::bad_input, "cannot compare these recordings",
                            runs[j].name + " and " + runs[i].name + " are the same recording",
                            "name each recording once; each run needs a recording of its own");
    return {};
}

} // namespace rcuscope
