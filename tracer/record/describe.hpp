// SPDX-License-Identifier: BSD-2-Clause
//
// Describes a recording in its metadata: which hooks are observed and by which probes, and what is missing and why.
#pragma once

#include "capture/metadata.hpp"
#include "probes/resolver.hpp"
#include "record/request.hpp"

namespace rcuscope {

// Fills in the command, probes, modules and missing parts.
void describe(Metadata& metadata, const RecordRequest& request, const AttachPlan& plan);

} // namespace rcuscope
