// SPDX-License-Identifier: BSD-2-Clause
//
// The report on a recording: a document for human readers, or JSON of schema rcuscope.report/1
// (docs/report.schema.json) for programs.
#pragma once

#include <iosfwd>
#include <vector>

#include "analysis/digest.hpp"
#include "analysis/histogram.hpp"
#include "analysis/statistics.hpp"
#include "report/document.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

Document report_of(const Timeline& timeline, const Analysis& analysis);
// The report on a summary, which lacks individual callbacks, readers and waits.
Document report_of(const Digest& digest);
void write_report_json(const Timeline& timeline, const Analysis& analysis, std::ostream& out);

// The hazards by severity, fatal first, then by time.
std::vector<const Hazard*> worst_first(const std::vector<Hazard>& hazards);

// A histogram as a few bars with the bounds 1, 2, 5, 10, ... nanoseconds, from the minimum to the maximum.
Chart chart_of(const Histogram& histogram, std::string title);

} // namespace rcuscope
