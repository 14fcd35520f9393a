// SPDX-License-Identifier: BSD-2-Clause
//
// The file names of successive triggers.
#pragma once

#include <string>

namespace rcuscope {

// Inserts the number before the ending: "rare.chrome.json" and 3 give "rare-3.chrome.json". A path without a known
// ending (a device) stays as it is.
std::string numbered(const std::string& path, unsigned number);

} // namespace rcuscope
