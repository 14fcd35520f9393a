// SPDX-License-Identifier: BSD-2-Clause
//
// Probes sites (instructions of followed modules) through kprobe events of tracefs. All sites share four events:
// entries and read-side calls, returns, leaves, and jumps. An event can have many places, and each event costs a grace
// period when it is closed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "capture/metadata.hpp"
#include "kernel/kernel_name.hpp"
#include "kernel/module_file.hpp"
#include "probes/kprobe_events.hpp"

namespace rcuscope {

// The sites to probe in a module.
struct WantedSites {
    bool readers = false;
    std::vector<std::string> functions{};        // shell patterns of function names; empty: no functions
    std::vector<std::string> reader_functions{}; // the same, for functions whose calls are read-side sections
};
std::vector<SiteInfo> sites_of(const ModuleFile& module, const WantedSites& wanted);

// Whether the patterns match the function and its calls can be seen.
bool is_probed(const KoFunction& function, const std::vector<std::string>& patterns);

// The jumps of a module that can be probed.
std::vector<SiteInfo> jumps_of(const ModuleFile& module);

// Functions that the patterns match but whose calls cannot be seen.
std::vector<UnseenFunction> unseen_functions(const ModuleFile& module, const std::vector<std::string>& functions);

struct PlacedSites {
    std::optional<std::uint64_t> sites_event; // id of the trace event; none: there are no such sites
    std::optional<std::uint64_t> returns_event;
    std::optional<std::uint64_t> leaves_event;
    std::optional<std::uint64_t> jumps_event;
    std::vector<SiteInfo> sites;      // sites that the kernel accepted, without jumps
    std::vector<MissingInfo> refused; // sites that were not accepted, with the reason
    std::size_t slots = 0;            // instruction slots that the probes take when the modules are loaded
};

// Defines the events for the sites. The guard must run already (probes/guard.hpp). Refuses a site whose names are no
// KernelNames, without writing anything for it. Fails only if no site can be placed at all, or if an event's id cannot
// be read.
Result<PlacedSites> place_sites(const std::string& tracefs, const KernelName& group,
                                const std::vector<SiteInfo>& sites);

struct SiteCounts {
    std::uint64_t hits = 0;
    std::uint64_t missed = 0; // the site was reached but the probe did not run
};

enum class SiteEvent {
    sites,
    returns, // returns that a kretprobe sees at the function's return address
    leaves,  // returns that a kprobe sees at an instruction with which the function is left
    jumps,
};
inline constexpr std::array all_site_events{SiteEvent::sites, SiteEvent::returns, SiteEvent::leaves, SiteEvent::jumps};

// The event's name. It contains the group's name, because kprobe_profile and the kernel's log show an event's name
// without its group.
std::string event_name(const KernelName& group, SiteEvent event);

// The kernel's counts for one event of the group, summed over all its places.
SiteCounts count_sites(const std::string& tracefs, const KernelName& group, SiteEvent event);

} // namespace rcuscope
