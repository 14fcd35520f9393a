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

void print_firing(const Timeline& timeline, TextOut out) {
    const auto analysis = analyse_firing(timeline);
    if (!analysis)
        return;
    out << "Trigger " << analysis->what << "\n";
    for (const Contribution& part : analysis->parts) {
        const double share =
            analysis->whole ? 100.0 * static_cast<double>(part.amount) / static_cast<double>(analysis->whole) : 0;
        out << row(analysis->counts ? std::to_string(part.amount) : duration_text(part.amount), share) << part.what
            << "\n";
    }
    if (!analysis->holder.empty())
        out << "  " << analysis->holder << "\n";
    for (const CodeLocation& place : analysis->stack)
        out << "      " << location_name(place, true) << "\n";
}

} // namespace rcuscope
