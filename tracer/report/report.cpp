// SPDX-License-Identifier: BSD-2-Clause
#include "report/report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/duration.hpp"
#include "report/parts.hpp"
#include "report/words.hpp"
#include "timeline/moment.hpp"

namespace rcuscope {

namespace {

std::string percent_text(double part, double whole) {
    if (whole <= 0)
        return "";
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.0f %%", 100 * part / whole);
    return text.data();
}

std::string total_text(const Histogram& histogram) {
    // In a forged capture the sum may exceed the range of Nanoseconds.
    constexpr double limit = 0x1p62;
    return histogram.count() ? duration_text(static_cast<Nanoseconds>(std::min(histogram.sum(), limit))) : "";
}

// ---- the recording

Section recording_section(const Timeline& timeline) {
    const CaptureSummary& capture = timeline.capture;
    Section section{.title = "Recording"};
    std::string command;
    for (const std::string& word : capture.command)
        command += (command.empty() ? "" : " ") + word;
    if (!command.empty())
        section.blocks.emplace_back(Paragraph{"Command: " + command});
    std::string followed;
    for (const std::string& module : capture.followed)
        followed += (followed.empty() ? "" : ", ") + module;
    section.blocks.emplace_back(Paragraph{
        (followed.empty() ? "No module was followed; " : "Followed: " + followed + "; ") +
        (capture.all_callbacks ? "callbacks of the whole system" : "callbacks of the followed modules only")});
    section.blocks.emplace_back(Paragraph{settings_text(timeline.host)});
    return section;
}

// ---- hazards

Section hazard_section(const Timeline& timeline, const Analysis& analysis) {
    Section section{.title = "Hazards"};
    for (const Hazard* hazard : worst_first(analysis.hazards))
        section.blocks.emplace_back(
            Item{.head = hazard->severity + ": " + hazard->kind + ", at " + duration_text(hazard->at),
                 .text = hazard->text,
                 .tone = hazard->severity == "fatal" ? Tone::fatal : Tone::warning});
    if (analysis.hazards.empty())
        section.blocks.emplace_back(Paragraph{"None found."});
    for (std::size_t i = 0; i < timeline.modules.size(); i++)
        if (const std::string& verdict = analysis.verdict_of(i).text; !verdict.empty())
            section.blocks.emplace_back(Item{.head = "module " + timeline.modules[i].name, .text = verdict});
    if (timeline.capture.followed.empty())
        section.blocks.emplace_back(Paragraph{
            "No module was followed (record -m): hazards are reported only for modules that were loaded or unloaded.",
            Tone::quiet});
    return section;
}

Section certainty_section(const Timeline& timeline, const Statistics& numbers) {
    Section section{.title = "Uncertain"};
    for (const Uncertainty& each : uncertainties(timeline, numbers))
        section.blocks.emplace_back(Item{.head = each.what, .text = each.text, .tone = Tone::warning});
    if (section.blocks.empty())
        section.blocks.emplace_back(Paragraph{"Nothing was lost."});
    return section;
}

// ---- grace periods

Item longest_item(const GracePeriod& grace_period, const Holder* holder) {
    const std::string took = duration_text(elapsed(*grace_period.start, *grace_period.end));
    return {.head = "at " + duration_text(*grace_period.start),
            .text = holder != nullptr ? holder->text : "GP " + std::to_string(grace_period.gp_seq) + " took " + took,
            .tone = Tone::quiet};
}

Section grace_period_section(const Timeline& timeline, const Analysis& analysis) {
    struct Kind {
        const char* name;
        const GracePeriodStatistics& numbers;
    };
    const std::array<Kind, 2> kinds{
        {{"normal", analysis.statistics.normal}, {"expedited", analysis.statistics.expedited}}};
    Section section{.title = "Grace periods"};
    Table table{.columns = with_percentiles({"", "count", "rate"})};
    for (const Kind& kind : kinds) {
        std::vector<std::string> row{kind.name, std::to_string(kind.numbers.count),
                                     rate_text(kind.numbers.count, timeline.capture.end)};
        add_percentiles(row, kind.numbers.duration);
        table.rows.push_back(std::move(row));
    }
    section.blocks.emplace_back(std::move(table));
    for (const Kind& kind : kinds) {
        if (kind.numbers.duration.count() == 0)
            continue;
        section.blocks.emplace_back(chart_of(kind.numbers.duration, std::string("Durations of the ") + kind.name +
                                                                        " ones: this long or longer"));
        section.blocks.emplace_back(Paragraph{std::string("The longest ") + kind.name + " ones:"});
        for (const std::size_t index : kind.numbers.longest) {
            const GracePeriod& grace_period = timeline.grace_periods[index];
            section.blocks.emplace_back(longest_item(grace_period, analysis.holder_of(grace_period)));
        }
    }
    return section;
}

// ---- callbacks

std::string row_name(const CallbackStatistics& row, bool module) {
    if (!row.named)
        return "unknown";
    if (!module)
        return name_text(row.name);
    return row.name.module.empty() ? "(kernel proper)" : row.name.module;
}

void add_callback_tables(Section& section, const std::vector<CallbackStatistics>& rows, bool module) {
    const std::string by = module ? "module" : "function";
    add_table(section,
              {.title = "By " + by + ": from queued to invoked",
               .columns = with_percentiles({by, "queued", "run", "pending", "unknown"})},
              rows, [&](const CallbackStatistics& row) {
                  std::vector<std::string> cells{row_name(row, module), std::to_string(row.queued),
                                                 std::to_string(row.done), std::to_string(row.pending),
                                                 std::to_string(row.unknown)};
                  add_percentiles(cells, row.latency);
                  return cells;
              });
    add_table(section,
              {.title = "By " + by + ": shares of their waiting time, and their run time",
               .columns = {by, "start", "end", "invocation", "p50 run", "max run", "all runs", "backlog", "at"}},
              rows, [&](const CallbackStatistics& row) {
                  const Histogram& run = row.run_time;
                  const double start = row.waiting_for_start.sum();
                  const double end = row.waiting_for_end.sum();
                  const double invocation = row.waiting_for_invocation.sum();
                  const double whole = start + end + invocation;
                  return std::vector<std::string>{row_name(row, module),
                                                  percent_text(start, whole),
                                                  percent_text(end, whole),
                                                  percent_text(invocation, whole),
                                                  run.count() ? duration_text(run.percentile(50)) : "",
                                                  run.count() ? duration_text(run.max()) : "",
                                                  total_text(run),
                                                  std::to_string(row.backlog.deepest),
                                                  duration_text(row.backlog.deepest_at)};
              });
}

// kvfree_rcu() queues no callback, but its memory also waits for a grace period, so the section shows it.
void add_kvfree_table(Section& section, const std::vector<KvfreeStatistics>& rows) {
    if (rows.empty())
        return;
    add_table(section,
              {.title = "Memory given to kvfree_rcu(): when it was freed is not recorded",
               .columns = {"by", "count", "without a head"}},
              rows, [](const KvfreeStatistics& row) {
                  return std::vector<std::string>{name_text(row.caller), std::to_string(row.count),
                                                  std::to_string(row.headless)};
              });
}

Section callback_section(const Statistics& numbers) {
    Section section{.title = "Callbacks"};
    const CallbackStatistics& all = numbers.all_callbacks;
    if (all.queued == 0) {
        section.blocks.emplace_back(Paragraph{"None."});
        add_kvfree_table(section, numbers.kvfree_calls);
        return section;
    }
    section.blocks.emplace_back(Paragraph{std::to_string(all.queued) + " queued, " + std::to_string(all.done) +
                                          " run, " + std::to_string(all.pending) + " pending at the end" +
                                          (all.unknown ? ", " + std::to_string(all.unknown) + " unknown" : "") +
                                          ". The deepest backlog was " + std::to_string(all.backlog.deepest) + ", at " +
                                          duration_text(all.backlog.deepest_at) + "."});
    add_callback_tables(section, numbers.callback_modules, true);
    add_callback_tables(section, numbers.callbacks, false);
    section.blocks.emplace_back(
        Paragraph{"Callbacks wait for the start of a grace period, for its end, and, when ready, for their invocation. "
                  "The shares are those of callbacks whose grace period is known.",
                  Tone::quiet});
    add_kvfree_table(section, numbers.kvfree_calls);
    return section;
}

// ---- readers and waits

std::string section_text(const ReadSection& section) {
    std::string text = duration_text(elapsed(section.begin, *section.end)) + " in " +
                       location_name(section.place, true) + ": " + section.comm + " (" + std::to_string(section.tid) +
                       ") on CPU " + std::to_string(section.cpu);
    if (!section.off_cpu.empty())
        text += ", off the CPU " + std::to_string(section.off_cpu.size()) +
                (section.off_cpu.size() == 1 ? " time" : " times");
    return text;
}

Section reader_section(const Timeline& timeline, const Statistics& numbers) {
    Section section{.title = "Readers"};
    const auto& rows = numbers.read_sections;
    if (rows.empty()) {
        const std::string why = no_readers_text(timeline);
        section.blocks.emplace_back(Paragraph{why == "0" ? "None." : "Sections are " + why + "."});
        return section;
    }
    add_table(
        section, {.columns = with_percentiles({"sections in", "count"})}, rows, [](const ReadSectionStatistics& row) {
            std::vector<std::string> cells{name_text(row.name) + (row.by == SectionBy::function ? " (calls)" : ""),
                                           std::to_string(row.count)};
            add_percentiles(cells, row.duration);
            return cells;
        });
    for (std::size_t i = 0; i < std::min(max_rows, rows.size()); i++)
        if (const std::string open = open_ends_text(rows[i]); !open.empty())
            section.blocks.emplace_back(Item{.head = name_text(rows[i].name), .text = open});
    section.blocks.emplace_back(Paragraph{"The longest of each:"});
    for (std::size_t i = 0; i < std::min(max_rows, rows.size()); i++)
        if (rows[i].longest) {
            const ReadSection& longest = timeline.read_sections[*rows[i].longest];
            section.blocks.emplace_back(
                Item{.head = "at " + duration_text(longest.begin), .text = section_text(longest), .tone = Tone::quiet});
        }
    return section;
}

Section wait_section(const Statistics& numbers) {
    Section section{.title = "Waits"};
    if (numbers.waits.empty()) {
        section.blocks.emplace_back(Paragraph{"None."});
        return section;
    }
    std::vector<WaitStatistics> rows = numbers.waits;
    std::stable_sort(rows.begin(), rows.end(), [](const WaitStatistics& a, const WaitStatistics& b) {
        return a.duration.sum() > b.duration.sum();
    });
    add_table(section, {.columns = with_percentiles({"waits in", "by", "count", "total"}), .names = 2}, rows,
              [](const WaitStatistics& row) {
                  std::vector<std::string> cells{to_text(row.kind), name_text(row.caller), std::to_string(row.count),
                                                 total_text(row.duration)};
                  add_percentiles(cells, row.duration);
                  return cells;
              });
    std::size_t without = 0;
    for (const WaitStatistics& row : rows)
        without += row.count - row.duration.count();
    if (without)
        section.blocks.emplace_back(Paragraph{"Waits without a recorded end: " + std::to_string(without) +
                                                  ". They are counted, but in no duration.",
                                              Tone::quiet});
    return section;
}

Section cost_section(const CaptureSummary& capture) {
    Section section{.title = "The tracer's own cost"};
    section.blocks.emplace_back(Paragraph{
        capture.own_share ? own_share_text(*capture.own_share) + "."
                          : "The cost of attaching and detaching is unknown: the recording did not end in order."});
    if (capture.stats)
        section.blocks.emplace_back(program_table(*capture.stats, capture.end));
    else
        section.blocks.emplace_back(
            Paragraph{"The run times of its programs were not measured (record --stats).", Tone::quiet});
    return section;
}

} // namespace

std::vector<const Hazard*> worst_first(const std::vector<Hazard>& hazards) {
    const auto rank = [](const Hazard* hazard) {
        return hazard->severity == "fatal" ? 0 : hazard->severity == "latent" ? 1 : 2;
    };
    std::vector<const Hazard*> sorted;
    sorted.reserve(hazards.size());
    for (const Hazard& hazard : hazards)
        sorted.push_back(&hazard);
    std::stable_sort(sorted.begin(), sorted.end(), [&](const Hazard* a, const Hazard* b) { return rank(a) < rank(b); });
    return sorted;
}

Document report_of(const Timeline& timeline, const Analysis& analysis) {
    timeline.check_bound();
    const Statistics& numbers = analysis.statistics;
    return {.title = "Kernel " + timeline.host.kernel + ", " + how_many_cpus(timeline.host) + "; " +
                     duration_text(timeline.capture.end) + " recorded (" + timeline.capture.end_reason + ")",
            .sections = {hazard_section(timeline, analysis), certainty_section(timeline, numbers),
                         grace_period_section(timeline, analysis), callback_section(numbers),
                         reader_section(timeline, numbers), wait_section(numbers), cost_section(timeline.capture),
                         recording_section(timeline)}};
}

} // namespace rcuscope
