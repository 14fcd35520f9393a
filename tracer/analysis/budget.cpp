// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/budget.hpp"

#include <array>
#include <charconv>

#include "base/duration.hpp"
#include "base/trimmed.hpp"

namespace rcuscope {

namespace {

struct Sign {
    std::string_view text;
    Relation relation;
};
// The longer signs come first: "<" is a prefix of "<=".
constexpr std::array<Sign, 5> signs{{{"<=", Relation::at_most},
                                     {">=", Relation::at_least},
                                     {"==", Relation::equal},
                                     {"<", Relation::less},
                                     {">", Relation::greater}}};

constexpr const char* example = "write METRIC, one of < <= > >= ==, and a limit, such as gp.p99<50ms or hazards==0";

Result<std::int64_t> parse_number(std::string_view text) {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || rest != end || value < 0)
        return fail(ExitCode::bad_input, "'" + std::string(text) + "' is not a limit of a count",
                    "it is not a whole number of 0 or more", "");
    return value;
}

// A duration needs a unit: a missing unit is more often a mistake than seconds.
Result<std::int64_t> parse_limit(std::string_view text, const Metric& metric) {
    if (!metric.is_duration())
        return parse_number(text);
    if (!text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos)
        return fail(ExitCode::bad_input, "'" + std::string(text) + "' is not a duration", "it has no unit",
                    "write it with a unit (ns, us, ms or s), such as " + std::string(text) + "ms");
    return parse_duration(text);
}

bool keeps(std::int64_t value, Relation relation, std::int64_t limit) {
    switch (relation) {
    case Relation::less:
        return value < limit;
    case Relation::at_most:
        return value <= limit;
    case Relation::greater:
        return value > limit;
    case Relation::at_least:
        return value >= limit;
    case Relation::equal:
        break;
    }
    return value == limit;
}

// True if lost records cannot change "kept" into "exceeded": they can only increase a count.
bool holds_with_more(const Budget& budget) {
    return !budget.metric.is_duration() &&
           (budget.relation == Relation::greater || budget.relation == Relation::at_least);
}

bool is_worse(std::int64_t value, std::int64_t than, const Budget& budget) {
    switch (budget.relation) {
    case Relation::less:
    case Relation::at_most:
        return value > than;
    case Relation::greater:
    case Relation::at_least:
        return value < than;
    case Relation::equal:
        break;
    }
    const auto distance = [&](std::int64_t of) { return of > budget.limit ? of - budget.limit : budget.limit - of; };
    return distance(value) > distance(than);
}

} // namespace

const char* to_text(BudgetVerdict verdict) {
    switch (verdict) {
    case BudgetVerdict::kept:
        return "kept";
    case BudgetVerdict::exceeded:
        return "exceeded";
    case BudgetVerdict::unknown:
        break;
    }
    return "unknown";
}

Result<Budget> parse_budget(std::string_view text) {
    const std::size_t at = text.find_first_of("<>=");
    const std::string what = "'" + std::string(text) + "' is not a budget";
    if (at == std::string_view::npos)
        return fail(ExitCode::bad_input, what, "it contains no comparison", example);
    for (const Sign& sign : signs) {
        if (!text.substr(at).starts_with(sign.text))
            continue;
        auto metric = parse_metric(trimmed(text.substr(0, at)));
        if (!metric)
            return fail(ExitCode::bad_input, what, metric.error().what + ", " + metric.error().why,
                        metric.error().hint);
        const auto limit = parse_limit(trimmed(text.substr(at + sign.text.size())), *metric);
        if (!limit)
            return fail(ExitCode::bad_input, what, limit.error().what + ", " + limit.error().why,
                        limit.error().hint.empty() ? example : limit.error().hint);
        return Budget{
            .text = std::string(text), .metric = std::move(*metric), .relation = sign.relation, .limit = *limit};
    }
    return fail(ExitCode::bad_input, what, "its relation is unknown", example);
}

BudgetResult judge(const Budget& budget, const std::vector<RunDigest>& runs) {
    BudgetResult result{.budget = budget, .verdict = BudgetVerdict::kept, .worst = {}, .why = ""};
    const auto unknown = [&](std::size_t run, const std::string& why) {
        if (result.verdict != BudgetVerdict::kept)
            return;
        result.verdict = BudgetVerdict::unknown;
        result.worst_run = run;
        result.why = why;
    };
    for (std::size_t run = 0; run < runs.size(); ++run) {
        const auto value = value_of(budget.metric, runs[run].digest);
        if (!value) {
            unknown(run, "the run has no data for it");
            continue;
        }
        const bool kept = keeps(*value, budget.relation, budget.limit);
        if (kept && runs[run].digest.lost > 0 && !holds_with_more(budget))
            unknown(run, std::to_string(runs[run].digest.lost) + " events were lost");
        if (!kept) {
            result.verdict = BudgetVerdict::exceeded;
            ++result.exceeded_runs;
        }
        if (!result.worst || is_worse(*value, *result.worst, budget)) {
            result.worst = value;
            if (result.verdict != BudgetVerdict::unknown)
                result.worst_run = run;
        }
    }
    if (result.verdict == BudgetVerdict::exceeded)
        result.why.clear();
    return result;
}

} // namespace rcuscope
