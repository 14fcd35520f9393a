// SPDX-License-Identifier: BSD-2-Clause
//
// Waits after attaching until the grace periods that this caused are over, so that they do not appear in the recording.
#pragma once

#include <functional>

#include "base/error.hpp"
#include "probes/session.hpp"

namespace rcuscope {

// The kernel frees the trampolines that attaching replaced after grace periods of RCU-tasks, which cause ordinary grace
// periods (kernel/bpf/trampoline.c: bpf_tramp_image_put()): first the "trace" flavour, then RCU-tasks, an ordinary one,
// and RCU-tasks again.
//
// Waits until both flavours stayed at rest during one call of `pass`, which lets ordinary grace periods pass. Returns
// false if that did not happen in `tries` tries, or if `pass` returned false.
Result<bool> wait_for_rcu_tasks_idle(const std::function<Result<SequencesAt>()>& read,
                                     const std::function<bool()>& pass, int tries);

// Lets two ordinary grace periods pass: one for what was under way, one for the callbacks that this queued.
void pass_grace_periods();

} // namespace rcuscope
