// SPDX-License-Identifier: BSD-2-Clause
#include "probes/sites.hpp"

#include <algorithm>
#include <charconv>
#include <fnmatch.h>
#include <map>
#include <set>
#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"

namespace rcuscope {

namespace {

bool matches_any(const std::string& name, const std::vector<std::string>& patterns) {
    return std::any_of(
        patterns.begin(), patterns.end(),
        [&](const std::string& pattern) { return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

SiteEvent event_of(const SiteInfo& site) {
    switch (site.kind) {
    case SiteKind::function_return:
    case SiteKind::reader_return:
        return site.offset == 0 ? SiteEvent::returns : SiteEvent::leaves;
    case SiteKind::jump:
        return SiteEvent::jumps;
    default:
        return SiteEvent::sites;
    }
}

// The hook that the recording lacks without this site.
const char* hook_of(const SiteInfo& site) {
    if (site.kind == SiteKind::jump)
        return "module.jumps";
    const bool call = site.kind == SiteKind::function_entry || site.kind == SiteKind::function_return;
    return call ? "module.functions" : "module.readers";
}

// A probe at the entry of a function, or at its return address, uses ftrace instead of a copy of an instruction.
bool takes_slot(const SiteInfo& site) {
    const bool entry = site.kind == SiteKind::function_entry || site.kind == SiteKind::reader_entry;
    return event_of(site) != SiteEvent::returns && !(entry && site.offset == 0);
}

// "rcucmap:cmap_get+0xc"
std::string words_of(const SiteInfo& site) {
    return site.module + ":" + site.function + "+" + hex(site.offset);
}

// None: the name of the module or the function is no KernelName.
std::optional<KprobePlace> place_of(const SiteInfo& site) {
    const auto module = KernelName::of(site.module);
    const auto function = KernelName::of(site.function);
    if (!module || !function)
        return std::nullopt;
    return KprobePlace{*module, *function, site.offset, event_of(site) == SiteEvent::returns};
}

Result<std::uint64_t> event_id(const std::string& tracefs, const KernelName& group, SiteEvent event) {
    const std::string path = tracefs + "/events/" + group.text() + "/" + event_name(group, event) + "/id";
    const std::string text = read_line_or_empty(path);
    std::uint64_t id = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), id).ec != std::errc())
        return fail(ExitCode::cannot_here, "cannot read " + path, "it does not contain a number");
    return id;
}

} // namespace

std::string event_name(const KernelName& group, SiteEvent event) {
    return group.text() + (event == SiteEvent::sites     ? "_sites"
                           : event == SiteEvent::returns ? "_returns"
                           : event == SiteEvent::leaves  ? "_leaves"
                                                         : "_jumps");
}

bool is_probed(const KoFunction& function, const std::vector<std::string>& patterns) {
    return function.can_be_entered && !function.why_unseen() && matches_any(function.name, patterns);
}

std::vector<SiteInfo> sites_of(const ModuleFile& module, const WantedSites& wanted) {
    std::vector<SiteInfo> sites;
    if (wanted.readers)
        for (const KoReadSite& site : module.read_sites)
            sites.push_back(
                {site.lock ? SiteKind::read_lock : SiteKind::read_unlock, module.name, site.function, site.offset});
    for (const KoFunction& function : module.functions) {
        const bool reader = is_probed(function, wanted.reader_functions);
        if (is_probed(function, wanted.functions)) {
            // A reader function's section lasts until its caller continues. If the function ends with a jump to
            // another function, that is when the other one has returned. Only the return address shows this, so
            // `places` is not used.
            if (function.places && !reader) {
                sites.push_back({SiteKind::function_entry, module.name, function.name, function.places->entry});
                for (const std::uint64_t leave : function.places->leaves)
                    sites.push_back({SiteKind::function_return, module.name, function.name, leave});
            } else {
                sites.push_back({SiteKind::function_entry, module.name, function.name, 0});
                sites.push_back({SiteKind::function_return, module.name, function.name, 0});
            }
        }
        if (reader) {
            sites.push_back({SiteKind::reader_entry, module.name, function.name, 0});
            sites.push_back({SiteKind::reader_return, module.name, function.name, 0});
        }
    }
    return sites;
}

std::vector<SiteInfo> jumps_of(const ModuleFile& module) {
    std::vector<SiteInfo> sites;
    for (const KoJump& jump : module.jumps)
        if (jump.why_unseen.empty())
            sites.push_back({SiteKind::jump, module.name, jump.function, jump.offset});
    return sites;
}

std::vector<UnseenFunction> unseen_functions(const ModuleFile& module, const std::vector<std::string>& functions) {
    std::vector<UnseenFunction> unseen;
    for (const KoFunction& function : module.functions)
        if (const char* why = function.why_unseen();
            why && function.can_be_entered && matches_any(function.name, functions))
            unseen.push_back({function.name, why, function.notrace ? function.why_notrace() : nullptr});
    return unseen;
}

Result<PlacedSites> place_sites(const std::string& tracefs, const KernelName& group,
                                const std::vector<SiteInfo>& sites) {
    const KprobeEvents events(tracefs);
    PlacedSites placed;
    std::set<KprobePlace> entries;
    for (const SiteInfo& site : sites)
        if (const auto place = place_of(site); place && site.kind == SiteKind::function_entry)
            entries.insert(*place);
    std::set<SiteEvent> any;
    std::map<std::pair<SiteEvent, KprobePlace>, Status> known; // function and reader sites can share a place
    for (const SiteInfo& site : sites) {
        const auto place = place_of(site);
        if (!place) {
            placed.refused.push_back({hook_of(site), words_of(site) + ": " + KernelName::rule});
            continue;
        }
        // If the instruction that leaves the function is also its entry, the probe of the entry reports both.
        const bool at_entry = event_of(site) == SiteEvent::leaves && entries.contains(*place);
        const SiteEvent event = at_entry ? SiteEvent::sites : event_of(site);
        const auto [found, added] = known.try_emplace({event, *place});
        Status& written = found->second;
        if (added) {
            written = events.add({group, *KernelName::of(event_name(group, event))}, *place);
            placed.slots += written && takes_slot(site) ? 1U : 0U;
        }
        if (written) {
            any.insert(event);
            if (event != SiteEvent::jumps)
                placed.sites.push_back(site);
            continue;
        }
        placed.refused.push_back({hook_of(site), words_of(site) + ": " + written.error().why});
    }
    if (any.empty() && !sites.empty())
        return fail(ExitCode::cannot_here, "cannot place a probe in " + sites.front().module,
                    placed.refused.front().why, "see the kernel log, and error_log in tracefs");
    for (auto [event, id] :
         {std::pair{SiteEvent::sites, &placed.sites_event}, std::pair{SiteEvent::returns, &placed.returns_event},
          std::pair{SiteEvent::leaves, &placed.leaves_event}, std::pair{SiteEvent::jumps, &placed.jumps_event}}) {
        if (!any.contains(event))
            continue;
        auto number = event_id(tracefs, group, event);
        if (!number)
            return tl::unexpected(number.error());
        *id = *number;
    }
    return placed;
}

SiteCounts count_sites(const std::string& tracefs, const KernelName& group, SiteEvent wanted) {
    // Lines are "  NAME   HITS   MISSED", one for each place of an event.
    const std::string event = event_name(group, wanted);
    const std::string text = read_file(tracefs + "/kprobe_profile").value_or("");
    SiteCounts counts;
    for (std::string_view line : split_lines(text)) {
        std::vector<std::string_view> words;
        while (!line.empty()) {
            const auto from = line.find_first_not_of(" \t");
            if (from == std::string_view::npos)
                break;
            line.remove_prefix(from);
            const auto to = std::min(line.find_first_of(" \t"), line.size());
            words.push_back(line.substr(0, to));
            line.remove_prefix(to);
        }
        if (words.size() != 3 || words[0] != event)
            continue;
        std::uint64_t hits = 0;
        std::uint64_t missed = 0;
        std::from_chars(words[1].data(), words[1].data() + words[1].size(), hits);
        std::from_chars(words[2].data(), words[2].data() + words[2].size(), missed);
        counts.hits += hits;
        counts.missed += missed;
    }
    return counts;
}

} // namespace rcuscope
