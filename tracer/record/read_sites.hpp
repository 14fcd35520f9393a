// SPDX-License-Identifier: BSD-2-Clause
//
// Where in memory the followed modules enter and leave read-side sections.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/event.hpp"
#include "capture/metadata.hpp"

namespace rcuscope {

class ReadSites {
public:
    explicit ReadSites(const Metadata& metadata) : modules_(metadata.modules), sites_(metadata.sites) {}

    void laid_out(const event::Module& coming);
    void placed(const event::ModuleSection& section);

    // True for an rcu_read_lock(), false for an rcu_read_unlock(), nothing for another place.
    std::optional<bool> enters(const event::Site& site) const;

private:
    std::vector<ModuleInfo> modules_;
    std::vector<SiteInfo> sites_;
    std::unordered_map<std::uint64_t, const SiteInfo*, SeededHash> by_address_;
};

} // namespace rcuscope
