// SPDX-License-Identifier: BSD-2-Clause
//
// JSON objects that several output formats share; docs/*.schema.json define them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/error.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// "host". Has the settings listed in host_settings; an unknown value is null.
nlohmann::ordered_json host_json(const HostInfo& host);

// The inverse. Ignores unknown members; `why` of an error names the wrong member.
Result<HostInfo> host_from_json(const nlohmann::json& json);

// "own_share"
nlohmann::ordered_json own_share_json(const std::optional<OwnShare>& share);

// An element of "lost": records that could not be delivered.
nlohmann::ordered_json loss_json(const Loss& loss);

// "lost": everything that was not observed. The elements of records come first; those of hooks, whose programs the
// kernel skipped at some time of the recording, follow.
std::vector<nlohmann::ordered_json> losses_json(const CaptureSummary& capture);

} // namespace rcuscope
