// SPDX-License-Identifier: BSD-2-Clause
//
// The probed places of followed modules, as kprobe events of tracefs. All places are one event, all returns another,
// all leaves a third, all jumps a fourth: an event may have many places, and each event costs a grace period when it is
// closed.
#pragma once

#include <array>
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

// What to probe in a module.
struct WantedSites {
    bool readers = false;
    std::vector<std::string> functions{};        // shell patterns of function names; none: no functions
    std::vector<std::string> reader_functions{}; // the same, of those whose calls are read-side sections
};
std::vector<SiteInfo> sites_of(const ModuleFile& module, const WantedSites& wanted);

// Whether the patterns ask for the function, and its calls can be seen.
bool is_probed(const KoFunction& function, const std::vector<std::string>& patterns);

// The jumps of a module to be probed.
std::vector<SiteInfo> jumps_of(const ModuleFile& module);

// Functions that the patterns ask for and whose calls cannot be seen.
std::vector<UnseenFunction> unseen_functions(const ModuleFile& module, const std::vector<std::string>& functions);

struct PlacedSites {
    std::optional<std::uint64_t> sites_event; // id of the trace event; none: no such site
    std::optional<std::uint64_t> returns_event;
    std::optional<std::uint64_t> leaves_event;
    std::optional<std::uint64_t> jumps_event;
    std::vector<SiteInfo> sites;      // those that the kernel took, without jumps
    std::vector<MissingInfo> refused; // and those that it did not
};

// Defines the events. A guard must run already. Fails only if the kernel takes none at all. A site whose names are no
// KernelNames is among those that were refused: nothing is written for it.
Result<PlacedSites> place_sites(const std::string& tracefs, const KernelName& group,
                                const std::vector<SiteInfo>& sites);

struct SiteCounts {
    std::uint64_t hits = 0;
    std::uint64_t missed = 0; // reached, but the probe could not run
};

enum class SiteEvent {
    sites,
    returns, // seen by the return address
    leaves,  // seen at the instructions by which a function is left
    jumps,
};
inline constexpr std::array all_site_events{SiteEvent::sites, SiteEvent::returns, SiteEvent::leaves, SiteEvent::jumps};

// As kprobe_profile and the kernel's log name it: without its group, and hence with the group's name in its own.
std::string event_name(const KernelName& group, SiteEvent event);

// The kernel's own counts of one of the group's events, over all of its places.
SiteCounts count_sites(const std::string& tracefs, const KernelName& group, SiteEvent event);

} // namespace rcuscope
