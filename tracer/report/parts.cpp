// SPDX-License-Identifier: BSD-2-Clause
#include "report/parts.hpp"

#include <array>
#include <cstdio>

#include "base/duration.hpp"

namespace rcuscope {

void add_percentiles(std::vector<std::string>& row, const Histogram& of) {
    for (const double percent : {50.0, 90.0, 99.0, 99.9})
        row.push_back(of.count() ? duration_text(of.percentile(percent)) : "");
    row.push_back(of.count() ? duration_text(of.max()) : "");
}

std::vector<std::string> with_percentiles(std::vector<std::string> columns) {
    columns.insert(columns.end(), {"p50", "p90", "p99", "p99.9", "max"});
    return columns;
}

std::string settings_text(const HostInfo& host) {
    std::string known = "HZ " + (host.hz ? std::to_string(host.hz) : std::string("not known"));
    std::string unknown;
    for (const HostSetting& setting : host_settings) {
        const auto at = host.settings.find(setting.name);
        if (at != host.settings.end())
            known += std::string(", ") + setting.name + " " + at->second;
        else
            unknown += (unknown.empty() ? "" : ", ") + std::string(setting.name);
    }
    return known + (unknown.empty() ? "" : "; not known: " + unknown);
}

std::string rate_text(std::uint64_t count, Nanoseconds recorded) {
    if (recorded <= 0)
        return "";
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f/s", 1e9 * static_cast<double>(count) / static_cast<double>(recorded));
    return text.data();
}

} // namespace rcuscope
