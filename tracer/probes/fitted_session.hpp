// SPDX-License-Identifier: BSD-2-Clause
//
// Loads the programs of the best attach plan that the running kernel accepts. The contract (contract.hpp) leaves out
// what is known not to fit; the kernel's verifier may refuse more, and only a trial shows that.
#pragma once

#include <span>

#include "base/error.hpp"
#include "probes/hooks.hpp"
#include "probes/resolver.hpp"
#include "probes/session.hpp"
#include "probes/this_kernel.hpp"

namespace rcuscope {

struct FittedSession {
    AttachPlan plan;
    BpfSession session;
};

// A program that the kernel refuses is added to kernel.offer.unfit, and the plan is made again without it. Fails if the
// kernel refuses the programs for another reason, or if no program is left.
Result<FittedSession> load_fitting(std::span<const Hook> table, ThisKernel& kernel, const PlanRequest& request,
                                   const SessionConfig& config);

} // namespace rcuscope
