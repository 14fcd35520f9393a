// SPDX-License-Identifier: BSD-2-Clause
//
// The probes of a recording: which ones are used, their placement, and the hits and misses that they count.
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
#include "record/request.hpp"
#include "record/status_line.hpp"

namespace rcuscope {

// Its destructor removes all probes.
class ProbeSetup {
public:
    explicit ProbeSetup(RecordMode mode) : mode_(mode) {}

    // Called first. Reads what the kernel offers, and checks that it can be traced.
    Status look(const RecordRequest& request);
    // Places every probe; the probes of modules that are not loaded yet wait for the load. Returns early, without an
    // error, once a signal has come (end_signals.hpp).
    Status place(const RecordRequest& request, StatusLine& status);

    ThisKernel& kernel() { return kernel_; }
    // Both are valid from place(), the session to unload().
    const AttachPlan& plan() const { return plan_; }
    BpfSession& session() { return *session_; }
    // Probed sites in modules; empty if no module's code is probed.
    const std::optional<PlacedSites>& sites() const { return sites_; }
    // Read before the first probe was attached.
    const SequencesAt& before() const { return before_; }
    // Whether the grace periods that attaching causes were over when place() returned.
    bool idle() const { return idle_; }

    // One entry for each hook of the plan that was taken, in plan order.
    std::vector<ProbeHits> hits() const;
    // Probes that the kernel refused when modules were loaded after place().
    std::vector<MissingInfo> refused_at_load() const;
    // At an exact moment, if there is one soon.
    Result<SequencesAt> sequences() const;

    // Call it after the session is detached.
    Status remove_sites();
    void unload() { session_.reset(); }

private:
    Status place_sites_of(const RecordRequest& request);
    Status load(const RecordRequest& request);
    Status reserve(const RecordRequest& request);
    Status attach(const RecordRequest& request);
    std::uint64_t missed_sites(SiteEvent event) const; // as counted by the kernel

    RecordMode mode_;
    ThisKernel kernel_;
    AttachPlan plan_;
    // The order matters: the session must be detached before the guard removes the kprobe events it is attached to.
    std::optional<ProbeGuard> guard_;
    std::optional<PlacedSites> sites_;
    std::optional<Result<KernelLog>> log_; // opened before the sites are placed
    std::optional<BpfSession> session_;
    SequencesAt before_;
    bool idle_ = false;
};

} // namespace rcuscope
