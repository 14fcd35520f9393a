// SPDX-License-Identifier: BSD-2-Clause
//
// The probes of a recording: which, placed and attached, and what they count by themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "capture/metadata.hpp"
#include "kernel/kernel_log.hpp"
#include "probes/guard.hpp"
#include "probes/resolver.hpp"
#include "probes/session.hpp"
#include "probes/sites.hpp"
#include "probes/this_kernel.hpp"
#include "record/recorder.hpp"
#include "record/status_line.hpp"

namespace rcuscope {

// All probes are gone with it.
class Placement {
public:
    // The kernel is known, and lets us in; there is a plan. First of all.
    Status look(const RecordRequest& request);
    // Every probe is in place, and those of modules that are not there yet wait for them. Leaves off, without an error,
    // once a signal came (end_signals.hpp).
    Status place(const RecordRequest& request, StatusLine& status);

    ThisKernel& kernel() { return kernel_; }
    const AttachPlan& plan() const { return plan_; }
    // From place() to unload().
    BpfSession& session() { return *session_; }
    // In modules; none: nothing in any is followed.
    const std::optional<PlacedSites>& sites() const { return sites_; }
    // Before the first probe was attached.
    const SequencesAt& before() const { return before_; }
    // What attaching cost was over when place() returned.
    bool settled() const { return settled_; }

    // One for each hook of the plan that was taken, in its order.
    std::vector<ProbeHits> hits() const;
    // In modules that were loaded since: what the kernel refused then.
    std::vector<MissingInfo> refused_at_load() const;
    // At a moment that is exact, if there is one soon.
    Result<SequencesAt> sequences() const;

    // Once the session was detached.
    Status remove_sites();
    void unload() { session_.reset(); }

private:
    Status place_sites_of(const RecordRequest& request);
    Status load(const RecordRequest& request);
    Status attach(const RecordRequest& request);
    std::uint64_t missed_sites(SiteEvent event) const; // by the kernel's own count

    ThisKernel kernel_;
    AttachPlan plan_;
    // In this order: what is attached must go before the guard removes what it is attached to.
    std::optional<ProbeGuard> guard_;
    std::optional<PlacedSites> sites_;
    std::optional<Result<KernelLog>> log_; // of the kernel since then
    std::optional<BpfSession> session_;
    SequencesAt before_;
    bool settled_ = false;
};

} // namespace rcuscope
