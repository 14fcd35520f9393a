// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the holder of each grace period: the reader, task or CPU that made it as long as it was.
#pragma once

#include "timeline/model.hpp"

namespace rcuscope {

// Fills GracePeriod::held_by of every grace period whose start and end are known. The first of these that has evidence
// is the holder:
//
//   1. A read-side section of a followed module. It was open before the start, or its CPU reported last, or a forced
//      scan found its task preempted within it.
//   2. A task that a forced scan found preempted within a section.
//   3. RCU's own thread: all quiescent states had been reported, and the thread did not run.
//   4. The CPU that reported last. It was in the kernel without a context switch, as its timer ticks show (for an
//      expedited grace period the interrupt that asks it); or it was idle, in user mode or offline, as a scan noticed.
//
// The holder must explain at least half of the grace period. Otherwise the holder is unknown, and Holder::text says
// which evidence is missing.
void find_holders(Timeline& timeline);

} // namespace rcuscope
