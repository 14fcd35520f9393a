// SPDX-License-Identifier: BSD-2-Clause
//
// What matters in a recording: for people a page, for programs JSON of schema
// rcuscope.report/1 (docs/report.schema.json).
#pragma once

#include <iosfwd>
#include <vector>

#include "analysis/digest.hpp"
#include "analysis/histogram.hpp"
#include "analysis/statistics.hpp"
#include "report/document.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// Of a timeline with its hazards and holders, and its numbers.
Document report_of(const Timeline& timeline, const Statistics& numbers);
// Of a summary, which has no single callbacks, readers and waits.
Document report_of(const Digest& digest);
void write_report_json(const Timeline& timeline, const Statistics& numbers, std::ostream& out);

// The hazards, the worst first, then by time.
std::vector<const Hazard*> worst_first(const std::vector<Hazard>& hazards);

// A histogram in a few bars, whose bounds are 1, 2, 5, 10, ... nanoseconds; from the shortest to the longest.
Chart chart_of(const Histogram& histogram, std::string title);

} // namespace rcuscope
