// SPDX-License-Identifier: BSD-2-Clause
//
// Fuzzes parsers of command-line values and the printing of text. The first byte selects one.
#include "analysis/budget.hpp"
#include "base/duration.hpp"
#include "base/text.hpp"
#include "fuzz.hpp"
#include "probes/resolver.hpp"
#include "record/trigger.hpp"

namespace rcuscope::fuzz {

namespace {

void duration(std::string_view text) {
    const auto parsed = parse_duration(text);
    if (!parsed)
        return;
    require(*parsed >= 0, "a duration is not negative");
    constexpr std::int64_t century = 3'155'760'000'000'000'000;
    const auto again = parse_duration(duration_text(*parsed));
    require(*parsed > century || (again && std::abs(*again - *parsed) <= *parsed / 100),
            "a duration can be shown and read");
}

void metric(std::string_view text) {
    const auto parsed = parse_metrics(text, {50, 99.9});
    if (!parsed)
        return;
    for (const Metric& each : *parsed) {
        const auto again = parse_metric(each.text());
        require(again && again->text() == each.text() && again->percent == each.percent,
                "a metric can be shown and read");
        require(!(each.percent < 0 || each.percent > 100), "a percentile is one");
    }
}

void shown(std::string_view text) {
    const std::string harmless = printable(text);
    require(valid_utf8(harmless) == harmless, "what is shown is UTF-8");
    require(printable(harmless) == harmless, "what is shown does not steer a terminal");
}

} // namespace

} // namespace rcuscope::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rcuscope;
    fuzz::Cursor cursor(fuzz::bytes_of(data, size));
    const std::uint8_t which = cursor.byte();
    const std::string bytes = fuzz::text_of(cursor.rest());
    const std::vector<char> exact(bytes.begin(), bytes.end());
    const std::string_view text(exact.data(), exact.size());
    switch (which % 6) {
    case 0:
        fuzz::duration(text);
        break;
    case 1:
        if (const auto trigger = parse_trigger(text, false))
            fuzz::require(trigger->text == text, "a trigger keeps its text");
        break;
    case 2:
        if (const auto budget = parse_budget(text))
            fuzz::require(budget->limit >= 0, "a limit is not negative");
        break;
    case 3:
        fuzz::metric(text);
        break;
    case 4:
        fuzz::shown(text);
        break;
    default:
        static_cast<void>(way_from_text(text));
        break;
    }
    return 0;
}
