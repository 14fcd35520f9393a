// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "timeline/model.hpp"

namespace rcuscope {

// Fills GracePeriod::held_by of every grace period whose start and end
// are known: who made it as long as it was, by the best evidence there is:
//
//   1. a followed module's read-side section, open from before the start, or on the
//      CPU that reported last, or of a task that a forced scan found preempted within it
//   2. a task that was preempted within a section, as a forced scan found it
//   3. the CPU that reported last: what it did at its ticks (when it was interrupted for
//      an expedited one), in the kernel without a context switch; or idle, in user mode or offline, and noticed by a
//      scan
//   4. RCU's own thread, which had everything and did not run
//
// Each must explain half of the grace period or more. Else it is unknown, and
// the text says what is missing.
void find_holders(Timeline& timeline);

} // namespace rcuscope
