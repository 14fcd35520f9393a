// SPDX-License-Identifier: BSD-2-Clause
//
// Parts that several of the files have which others read (docs/*.schema.json).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/error.hpp"
#include "timeline/model.hpp"

namespace rcuscope {

// "host". Of the settings those of host_settings; what is not known is null.
nlohmann::ordered_json host_json(const HostInfo& host);

// The other way. Members that are not known are ignored; `why` of an error names the one that is wrong.
Result<HostInfo> host_from_json(const nlohmann::json& json);

// "own_share"
nlohmann::ordered_json own_share_json(const std::optional<OwnShare>& share);

// "lost"
nlohmann::ordered_json loss_json(const Loss& loss);

} // namespace rcuscope
