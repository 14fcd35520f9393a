// SPDX-License-Identifier: BSD-2-Clause
//
// What the page on a recording and the page on a summary have in common.
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

// p50, p90, p99, p99.9 and max; empty if there are none.
void add_percentiles(std::vector<std::string>& row, const Histogram& of);
std::vector<std::string> with_percentiles(std::vector<std::string> columns);

std::string settings_text(const HostInfo& host);

// The first most_rows rows; and that there are more, and who has them.
template <typename Rows, typename MakeRow>
void add_table(Section& section, Table table, const Rows& rows, MakeRow make_row,
               const char* who_has_all = "--json has them all") {
    for (std::size_t i = 0; i < std::min(most_rows, rows.size()); i++)
        table.rows.push_back(make_row(rows[i]));
    section.blocks.emplace_back(std::move(table));
    if (rows.size() > most_rows)
        section.blocks.emplace_back(
            Paragraph{"and " + std::to_string(rows.size() - most_rows) + " more: " + who_has_all, Tone::quiet});
}

// How many a second; empty if nothing was recorded.
std::string rate_text(std::uint64_t count, Nanoseconds recorded);

} // namespace rcuscope
