// SPDX-License-Identifier: BSD-2-Clause
#include "cli/firing.hpp"

#include <array>
#include <cstdio>

#include "analysis/firing.hpp"
#include "base/duration.hpp"

namespace rcuscope {

namespace {

std::string row(const std::string& amount, double share) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%12s %6.1f %%  ", amount.c_str(), share);
    return text.data();
}

} // namespace

void print_firing(const Timeline& timeline, const Analysis& analysis, TextOut out) {
    const auto firing = analyse_firing(timeline, analysis);
    if (!firing)
        return;
    out << "Trigger " << firing->what << "\n";
    for (const Contribution& part : firing->parts) {
        const double share =
            firing->whole ? 100.0 * static_cast<double>(part.amount) / static_cast<double>(firing->whole) : 0;
        out << row(firing->counts ? std::to_string(part.amount) : duration_text(part.amount), share) << part.what
            << "\n";
    }
    if (!firing->holder.empty())
        out << "  " << firing->holder << "\n";
    for (const CodeLocation& place : firing->stack)
        out << "      " << location_name(place, true) << "\n";
}

} // namespace rcuscope
