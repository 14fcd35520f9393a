// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <vector>

#include "timeline/model.hpp"

namespace rcuscope {

// What went wrong, or nearly so, in the modules' use of RCU; by time. Kinds:
//
//   freed-with-pending-callbacks  A module went away before its callbacks had run.
//     fatal    they had not run when its memory was gone, or the recording breaks off
//              while it goes and they have not
//     latent   they ran in time, but only after free_module() had begun: nothing had
//              waited for them
//     warning  it is not known whether they ran in time
std::vector<Hazard> find_hazards(const Timeline& timeline);

} // namespace rcuscope
