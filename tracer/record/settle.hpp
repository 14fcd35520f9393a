// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <functional>

#include "base/error.hpp"
#include "probes/session.hpp"

namespace rcuscope {

// The kernel frees the trampolines that attaching replaced after grace periods of RCU-tasks, which cost
// ordinary ones (kernel/bpf/trampoline.c: bpf_tramp_image_put()): of the "trace" flavour, then one of
// RCU-tasks, an ordinary one, and one of RCU-tasks again.
//
// Waits until both have been at rest while ordinary grace periods passed, which
// `pass` lets happen. False if that was not so in `tries` times, or if `pass` said so.
Result<bool> settle(const std::function<Result<SequencesAt>()>& read, const std::function<bool()>& pass, int tries);

// Lets two ordinary grace periods pass, one for the callbacks of what was under way.
void pass_grace_periods();

} // namespace rcuscope
