// SPDX-License-Identifier: BSD-2-Clause
//
// Sites that the kernel refused to probe when their module was loaded.
//
// The kernel accepts an event for a module that is not loaded, and probes its sites each time the module is loaded
// (trace_kprobe_module_callback() in kernel/trace/trace_kprobe.c). It reports a refusal at that time only as a line in
// its log.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "capture/metadata.hpp"
#include "kernel/kernel_name.hpp"
#include "probes/sites.hpp"

namespace rcuscope {

class LoadRefusals {
public:
    // `group`: only refusals of its kprobe events count.
    explicit LoadRefusals(const KernelName& group) : group_(group) {}

    // Parses a message of the kernel's log, and counts it if it is about an event of the group.
    void take(std::string_view message);

    // One element for each module, event and reason.
    std::vector<MissingInfo> missing() const;

private:
    struct Refusal {
        std::string module;
        SiteEvent event = SiteEvent::sites;
        int error = 0; // errno

        auto operator<=>(const Refusal&) const = default; // NOLINT(modernize-use-nullptr): of <=> itself
    };

    KernelName group_;
    std::map<Refusal, std::size_t> counts_;
};

} // namespace rcuscope
