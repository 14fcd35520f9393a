// SPDX-License-Identifier: BSD-2-Clause
#include "export/json_backlog.hpp"

namespace rcuscope {

namespace {

template <std::size_t size, typename Values>
void column(JsonRow& row, const char (&key)[size], const Values& values) {
    row.key(key);
    row.begin_array();
    for (const auto value : values)
        row.value(value);
    row.end_array();
}

} // namespace

void backlog_row(JsonRow& row, const BacklogSeries& series) {
    row.begin_object();
    row.member("of", series.of_module ? "module" : "all");
    row.key("module");
    if (series.module.empty())
        row.value(nullptr);
    else
        row.value(series.module);
    row.member("max", series.deepest);
    row.member("max_ns", series.deepest_at);
    column(row, "begin_ns", series.begin);
    column(row, "pending", series.pending);
    column(row, "unknown", series.unknown);
    row.end_object();
}

} // namespace rcuscope
