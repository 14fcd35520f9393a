// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "capture/metadata.hpp"
#include "probes/resolver.hpp"
#include "record/recorder.hpp"

namespace rcuscope {

// What a recording will show of what was asked for, by which probes, and what it will not.
void describe(Metadata& metadata, const RecordRequest& request, const AttachPlan& plan);

} // namespace rcuscope
