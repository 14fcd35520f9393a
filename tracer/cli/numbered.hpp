// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

namespace rcuscope {

// "rare.chrome.json" as the third: "rare-3.chrome.json". What has no ending (a device) stays as it is.
std::string numbered(const std::string& path, unsigned number);

} // namespace rcuscope
