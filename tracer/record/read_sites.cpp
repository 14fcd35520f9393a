// SPDX-License-Identifier: BSD-2-Clause
#include "record/read_sites.hpp"

#include <string_view>

namespace rcuscope {

ReadSites::ReadSites(const Metadata& metadata) : sites_(metadata.sites) {
    std::map<std::pair<std::string_view, std::string_view>, std::vector<const SiteInfo*>> of_function; // by module
    for (const SiteInfo& site : sites_)
        if (site.kind == SiteKind::read_lock || site.kind == SiteKind::read_unlock) // skips a leave at the same address
            of_function[{site.module, site.function}].push_back(&site);
    for (const ModuleInfo& module : metadata.modules)
        for (const ModuleFunction& function : module.functions)
            if (const auto found = of_function.find({module.name, function.name}); found != of_function.end())
                for (const SiteInfo* site : found->second)
                    sections_[module.name][function.section].sites.emplace_back(function.offset + site->offset, site);
}

// Forgets the addresses of the module's previous life, which other code may occupy by now.
void ReadSites::laid_out(const event::Module& coming) {
    const auto module = sections_.find(coming.name.str());
    if (module == sections_.end())
        return;
    for (auto& [name, section] : module->second) {
        if (section.placed == 0)
            continue;
        for (const auto& [offset, site] : section.sites)
            if (const auto known = by_address_.find(section.placed + offset);
                known != by_address_.end() && known->second->module == module->first)
                by_address_.erase(known);
        section.placed = 0;
    }
}

void ReadSites::placed(const event::ModuleSection& section) {
    const auto module = sections_.find(section.module.str());
    if (module == sections_.end())
        return;
    const auto found = module->second.find(section.section.str());
    if (found == module->second.end())
        return;
    found->second.placed = section.address;
    for (const auto& [offset, site] : found->second.sites)
        by_address_[section.address + offset] = site;
}

std::optional<bool> ReadSites::enters(const event::Site& site) const {
    const auto found = by_address_.find(site.address);
    if (site.is_return || found == by_address_.end())
        return std::nullopt;
    if (found->second->kind == SiteKind::read_lock)
        return true;
    return found->second->kind == SiteKind::read_unlock ? std::optional(false) : std::nullopt;
}

} // namespace rcuscope
