// SPDX-License-Identifier: BSD-2-Clause
#include "probes/fitted_session.hpp"

#include <string>
#include <utility>

namespace rcuscope {

Result<FittedSession> load_fitting(std::span<const Hook> table, ThisKernel& kernel, const PlanRequest& request,
                                   const SessionConfig& config) {
    for (;;) {
        AttachPlan plan = resolve(table, kernel.offer, request);
        const auto programs = plan.programs();
        if (programs.empty())
            return fail(ExitCode::cannot_here, "cannot observe RCU in this kernel", "no hook is available",
                        "rcuscope doctor shows the reasons");
        auto session = BpfSession::load(plan, kernel, config);
        if (session)
            return FittedSession{std::move(plan), std::move(*session)};
        LoadFailure& failure = session.error();
        if (!programs.contains(failure.program))
            return tl::unexpected(std::move(failure.error));
        kernel.offer.unfit.emplace(std::move(failure.program),
                                   "this kernel's verifier refuses the program" +
                                       (failure.why.empty() ? "" : " (" + failure.why + ")"));
    }
}

} // namespace rcuscope
