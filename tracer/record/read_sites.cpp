// SPDX-License-Identifier: BSD-2-Clause
#include "record/read_sites.hpp"

namespace rcuscope {

ReadSites::ReadSites(const Metadata& metadata) : modules_(metadata.modules), sites_(metadata.sites) {
    for (const SiteInfo& site : sites_)
        of_function_[{site.module, site.function}].push_back(&site);
}

// Where it was before may be somebody else's by now.
void ReadSites::laid_out(const event::Module& coming) {
    std::erase_if(by_address_, [&](const auto& entry) { return entry.second->module == coming.name; });
}

void ReadSites::placed(const event::ModuleSection& section) {
    for (const ModuleInfo& module : modules_) {
        if (module.name != section.module)
            continue;
        for (const ModuleFunction& function : module.functions) {
            if (function.section != section.section)
                continue;
            if (const auto found = of_function_.find({module.name, function.name}); found != of_function_.end())
                for (const SiteInfo* site : found->second)
                    by_address_[section.address + function.offset + site->offset] = site;
        }
    }
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
