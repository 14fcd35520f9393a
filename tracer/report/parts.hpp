// SPDX-License-Identifier: BSD-2-Clause
//
// Parts that the report on a recording (report.cpp) and the report on a summary (digest_report.cpp) share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "analysis/histogram.hpp"
#include "capture/metadata.hpp"
#include "report/document.hpp"
#include "report/words.hpp"

namespace rcuscope {

// Appends p50, p90, p99, p99.9 and max. The cells are empty if the histogram is empty.
void add_percentiles(std::vector<std::string>& row, const Histogram& of);
std::vector<std::string> with_percentiles(std::vector<std::string> columns);

std::string settings_text(const HostInfo& host);

// Adds a table with the first max_rows rows. If there are more, adds their number and `who_has_all`.
template <typename Rows, typename MakeRow>
void add_table(Section& section, Table table, const Rows& rows, MakeRow make_row,
               const char* who_has_all = "--json has them all") {
    for (std::size_t i = 0; i < std::min(max_rows, rows.size()); i++)
        table.rows.push_back(make_row(rows[i]));
    section.blocks.emplace_back(std::move(table));
    if (rows.size() > max_rows)
        section.blocks.emplace_back(
            Paragraph{"and " + std::to_string(rows.size() - max_rows) + " more: " + who_has_all, Tone::quiet});
}

// The rate, "12.3/s". Empty if the recording has no length.
std::string rate_text(std::uint64_t count, Nanoseconds recorded);

} // namespace rcuscope
