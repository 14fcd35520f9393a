// SPDX-License-Identifier: BSD-2-Clause
//
// The machine as the files that others read have it: docs/*.schema.json, "host".
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/error.hpp"
#include "capture/metadata.hpp"

namespace rcuscope {

// Of the settings those of host_settings; what is not known is null.
nlohmann::ordered_json host_json(const HostInfo& host);

// The other way. Members that are not known are ignored; `why` of an error names the one that is wrong.
Result<HostInfo> host_from_json(const nlohmann::json& json);

} // namespace rcuscope
