// SPDX-License-Identifier: BSD-2-Clause
//
// Makes a bar chart from a histogram (chart_of() in report.hpp).
#include <algorithm>
#include <limits>

#include "base/duration.hpp"
#include "report/report.hpp"

namespace rcuscope {

namespace {

// 0, 1, 2, 5, 10, 20, 50, ...
std::vector<Nanoseconds> bounds() {
    std::vector<Nanoseconds> all{0};
    for (Nanoseconds decade = 1;; decade *= 10) {
        for (const Nanoseconds step : {1, 2, 5}) {
            if (step > std::numeric_limits<Nanoseconds>::max() / decade)
                return all;
            all.push_back(step * decade);
        }
        if (decade > std::numeric_limits<Nanoseconds>::max() / 10)
            return all;
    }
}

} // namespace

Chart chart_of(const Histogram& histogram, std::string title) {
    Chart chart{.title = std::move(title)};
    if (histogram.count() == 0)
        return chart;
    const std::vector<Nanoseconds> all = bounds();
    const auto place = [&](Nanoseconds duration) {
        return static_cast<std::size_t>(std::upper_bound(all.begin(), all.end(), duration) - all.begin()) - 1;
    };
    // Minimum and maximum are exact, the other values are known by their bucket only.
    const auto within = [&](Nanoseconds lowest) { return std::clamp(lowest, histogram.min(), histogram.max()); };
    const std::size_t first = place(histogram.min());
    for (std::size_t i = first; i <= place(histogram.max()); i++)
        chart.bars.push_back({.label = duration_text(all[i]), .count = 0});
    for (const auto& [lowest, count] : histogram.buckets())
        chart.bars[place(within(lowest)) - first].count += count;
    return chart;
}

} // namespace rcuscope
