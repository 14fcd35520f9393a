// SPDX-License-Identifier: BSD-2-Clause
//
// The result of a check as text, for a terminal or a file.
#include <algorithm>
#include <array>

#include "base/duration.hpp"
#include "base/text.hpp"
#include "cli/check_result.hpp"
#include "report/show.hpp"

namespace rcuscope {

namespace {

struct Cell {
    std::string text;
    const char* colour = ""; // SGR code; empty for none
};
using Row = std::vector<Cell>;

constexpr const char* red = "31";
constexpr const char* green = "32";
constexpr const char* yellow = "33";
constexpr const char* bold = "1";

void paint(const Cell& cell, bool colours, TextOut out) {
    out.painted(cell.text, colours ? cell.colour : "");
}

// Prints a cell and a line break.
void paint_line(const Cell& cell, bool colours, TextOut out) {
    paint(cell, colours, out);
    out << "\n";
}

std::size_t width_of(const Cell& cell) {
    return text_width(printable(cell.text));
}

// Pads each column to its widest cell. An empty cell prints nothing, so that no line ends in spaces.
void print_table(const std::vector<Row>& rows, bool colours, TextOut out) {
    std::vector<std::size_t> widths;
    for (const Row& row : rows)
        for (std::size_t column = 0; column < row.size(); ++column) {
            widths.resize(std::max(widths.size(), column + 1));
            widths[column] = std::max(widths[column], width_of(row[column]));
        }
    for (const Row& row : rows) {
        out << " ";
        std::size_t column = 0;
        std::size_t missing = 1; // spaces up to the next column
        for (const Cell& cell : row) {
            if (!cell.text.empty()) {
                out << std::string(missing, ' ');
                paint(cell, colours, out);
            }
            missing = cell.text.empty() ? missing + widths[column] + 2 : widths[column] - width_of(cell) + 2;
            ++column;
        }
        out << "\n";
    }
}

const char* colour_of(Change change) {
    constexpr std::array<const char*, 4> colours{green, green, yellow, red};
    return colours[static_cast<std::size_t>(change)];
}

const char* colour_of(BudgetVerdict verdict) {
    constexpr std::array<const char*, 3> colours{green, red, yellow};
    return colours[static_cast<std::size_t>(verdict)];
}

std::string range_text(const Interval& interval, std::string (*text)(std::int64_t)) {
    return "[" + text(interval.low) + ", " + text(interval.high) + "]";
}

std::string estimate_text(const Estimate& estimate) {
    return duration_text(estimate.value) + " " + range_text(estimate.interval, duration_text);
}

Row row_of(const ComparedMetric& row) {
    std::string effect = effect_text(row.effect.value);
    if (row.effect.interval)
        effect += " " + range_text(*row.effect.interval, effect_text);
    // Without data on both sides there is no effect.
    const bool values = row.current.value > 0 && row.baseline.value > 0;
    return {{row.metric.text()},
            {row.baseline.value > 0 ? estimate_text(row.baseline) : "-"},
            {row.current.value > 0 ? estimate_text(row.current) : "-"},
            {values ? effect : "-"},
            {to_text(row.verdict), colour_of(row.verdict)},
            {row.why}};
}

void print_comparison(const CheckResult& result, bool colours, TextOut out) {
    paint_line({"Compared: " + std::to_string(result.current.size()) + " current with " +
                    std::to_string(result.baseline.size()) + " baseline runs, smallest effect " +
                    effect_text(result.options.min_effect),
                bold},
               colours, out);
    std::vector<Row> rows{{{"metric"}, {"baseline"}, {"current"}, {"effect"}, {"verdict"}, {""}}};
    for (const ComparedMetric& row : result.comparison->metrics)
        rows.push_back(row_of(row));
    print_table(rows, colours, out);
    for (const auto& left_out : result.comparison->left_out)
        out << "  not compared: " << left_out.name << ": " << left_out.why << "\n";
    for (const Difference& difference : result.differences)
        out << "  " << (difference.decides ? "differs (allowed): " : "differs: ") << difference.setting << " is "
            << difference.values << "\n";
}

Row row_of(const BudgetResult& result, const std::vector<RunDigest>& runs) {
    std::string worst = "-";
    if (result.worst)
        worst = value_text(result.budget.metric, *result.worst);
    std::string why = runs[result.worst_run].name;
    if (!result.why.empty())
        why += ": " + result.why;
    else if (result.exceeded_runs > 0)
        why +=
            ", and " + std::to_string(result.exceeded_runs) + " of " + std::to_string(runs.size()) + " runs exceed it";
    return {{result.budget.text}, {worst}, {to_text(result.verdict), colour_of(result.verdict)}, {why}};
}

void print_budgets(const CheckResult& result, bool colours, TextOut out) {
    paint_line({"Budgets: the worst of " + std::to_string(result.current.size()) + " current runs", bold}, colours,
               out);
    std::vector<Row> rows;
    for (const BudgetResult& budget : result.budgets)
        rows.push_back(row_of(budget, result.current));
    print_table(rows, colours, out);
}

void print_longest(const CheckResult& result, bool colours, TextOut out) {
    constexpr std::size_t shown = 3;
    const auto longest = longest_of(result.current, shown);
    if (longest.empty())
        return;
    paint_line({"Holders of the longest grace periods of the current runs", bold}, colours, out);
    for (const HeldInRun& held : longest)
        out << "  " << held.run << ": " << held.held.text << "\n";
}

void print_losses(const std::vector<RunDigest>& runs, bool colours, TextOut out) {
    for (const RunDigest& run : runs)
        for (const auto& [is, text] :
             {std::pair(run.digest.lost > 0,
                        std::to_string(run.digest.lost) + " events were lost, perhaps the slowest ones among them"),
              std::pair(!run.digest.complete, std::string("it was cut off"))})
            if (is)
                paint_line({"  " + run.name + ": " + text, yellow}, colours, out);
}

} // namespace

void print_check(const CheckResult& result, bool colours, TextOut out) {
    const std::string why_not = why_not_passed(result);
    if (result.comparison)
        print_comparison(result, colours, out);
    if (!result.budgets.empty())
        print_budgets(result, colours, out);
    print_losses(result.current, colours, out);
    print_losses(result.baseline, colours, out);
    if (!why_not.empty())
        print_longest(result, colours, out);
    std::string verdict = "Failed: " + why_not;
    if (why_not.empty()) {
        verdict = "Passed";
        if (result.comparison && result.comparison->verdict != Change::unknown)
            verdict += std::string(": ") + to_text(result.comparison->verdict);
        CheckResult strict = result;
        strict.strict = true;
        if (const std::string why = why_not_passed(strict); !why.empty())
            verdict += "; with --strict it would fail: " + why;
    }
    paint_line({verdict, why_not.empty() ? green : red}, colours, out);
}

} // namespace rcuscope
