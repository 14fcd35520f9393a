// SPDX-License-Identifier: BSD-2-Clause
//
// The report on a summary, that is, on a digest.
#include <algorithm>
#include <map>

#include "base/duration.hpp"
#include "report/parts.hpp"
#include "report/report.hpp"
#include "report/words.hpp"

namespace rcuscope {

namespace {

Section grace_period_section(const Digest& digest) {
    Section section{.title = "Grace periods"};
    Table table{.columns = with_percentiles({"", "count", "rate"})};
    for (const auto& [name, title] : {std::pair{"gp", "normal"}, std::pair{"gp.expedited", "expedited"}})
        if (const Histogram* durations = digest.duration(name)) {
            std::vector<std::string> row{title, std::to_string(durations->count()),
                                         rate_text(durations->count(), digest.recorded)};
            add_percentiles(row, *durations);
            table.rows.push_back(std::move(row));
        }
    section.blocks.emplace_back(std::move(table));
    if (const Histogram* normal = digest.duration("gp"); normal && normal->count())
        section.blocks.emplace_back(chart_of(*normal, "Durations of the normal ones: this long or longer"));
    return section;
}

std::string function_text(const Digest::Function& row) {
    if (row.function.empty())
        return row.module.empty() ? "unknown" : row.module + ":unknown";
    return name_text({row.module, row.function});
}

std::string module_text(const Digest::Function& row) {
    if (!row.module.empty())
        return row.module;
    return row.function.empty() ? "unknown" : "(kernel proper)";
}

// Adds up the functions of each module. The rows with most queued callbacks come first.
std::vector<Digest::Function> by_module(const std::vector<Digest::Function>& functions) {
    std::map<std::string, Digest::Function> modules;
    for (const Digest::Function& each : functions) {
        Digest::Function& row = modules[module_text(each)];
        row.module = module_text(each);
        row.queued += each.queued;
        row.invoked += each.invoked;
        row.pending += each.pending;
        row.unknown += each.unknown;
        row.latency.merge(each.latency);
    }
    std::vector<Digest::Function> rows;
    rows.reserve(modules.size());
    for (auto& [name, row] : modules)
        rows.push_back(std::move(row));
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.queued > b.queued; });
    return rows;
}

void add_callback_table(Section& section, const char* by, const std::vector<Digest::Function>& rows,
                        std::string (*name)(const Digest::Function&)) {
    add_table(
        section,
        {.title = std::string("By ") + by + ": from queued to invoked",
         .columns = with_percentiles({by, "queued", "invoked", "pending", "unknown"})},
        rows,
        [&](const Digest::Function& row) {
            std::vector<std::string> cells{name(row), std::to_string(row.queued), std::to_string(row.invoked),
                                           std::to_string(row.pending), std::to_string(row.unknown)};
            add_percentiles(cells, row.latency);
            return cells;
        },
        "the file has them all");
}

Section callback_section(const Digest& digest) {
    Section section{.title = "Callbacks"};
    if (digest.functions.empty()) {
        section.blocks.emplace_back(Paragraph{"None."});
        return section;
    }
    add_callback_table(section, "module", by_module(digest.functions),
                       [](const Digest::Function& row) { return row.module; });
    add_callback_table(section, "function", digest.functions, function_text);
    if (const Histogram* latency = digest.duration("callback.latency"); latency && latency->count())
        section.blocks.emplace_back(chart_of(*latency, "Latencies: this long or longer"));
    return section;
}

std::string count_text(std::uint64_t count, const char* what) {
    return std::to_string(count) + " " + what;
}

Section certainty_section(const Digest& digest) {
    Section section{.title = "Uncertain"};
    const auto add = [&](const char* what, const std::string& text) {
        section.blocks.emplace_back(Item{.head = what, .text = text, .tone = Tone::warning});
    };
    if (!digest.complete)
        add("cut off", "the recording did not end in order");
    if (digest.lost)
        add("lost", count_text(digest.lost, "events were not recorded, or were dropped before they ended"));
    std::uint64_t untimed = 0;
    for (const Digest::Function& row : digest.functions)
        untimed += row.invoked - row.latency.count();
    if (untimed)
        add("latency unknown",
            count_text(untimed, "callbacks were invoked whose time of queueing is unknown: they are in no latency"));
    std::string unseen;
    const auto leave_out = [&](const DigestName& each, const auto& there) {
        if (!there.contains(std::string(each.name)))
            unseen += (unseen.empty() ? "" : ", ") + std::string(each.name);
    };
    for (const DigestName& each : digest_durations)
        leave_out(each, digest.durations);
    for (const DigestName& each : digest_counts)
        leave_out(each, digest.counts);
    if (!unseen.empty())
        section.blocks.emplace_back(Paragraph{"Not observed: " + unseen + ".", Tone::quiet});
    if (section.blocks.empty())
        section.blocks.emplace_back(Paragraph{"Nothing was lost."});
    return section;
}

} // namespace

Document report_of(const Digest& digest) {
    Section host{.title = "Recording"};
    host.blocks.emplace_back(Paragraph{settings_text(digest.host)});
    return {.title = "Kernel " + digest.host.kernel + ", " + how_many_cpus(digest.host) + "; " +
                     duration_text(digest.recorded) + " recorded, as a summary",
            .sections = {certainty_section(digest), grace_period_section(digest), callback_section(digest),
                         std::move(host)}};
}

} // namespace rcuscope
