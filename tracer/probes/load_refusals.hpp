// SPDX-License-Identifier: BSD-2-Clause
//
// Places in modules that could not be probed when their module was loaded.
//
// The kernel takes an event for a module that is not there, and probes its places each time that the module is loaded
// (trace_kprobe_module_callback() in kernel/trace/trace_kprobe.c). Nobody waits for the outcome then: of a place that
// it refuses, a line of its log is all that tells.
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
    // `group` holds the kprobe events whose refusals count.
    explicit LoadRefusals(const KernelName& group) : group_(group) {}

    // Counts a message of the kernel's log, if it is about one of the group's events.
    void take(std::string_view message);

    // One for each module, event and reason.
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
