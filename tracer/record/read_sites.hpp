// SPDX-License-Identifier: BSD-2-Clause
//
// Where in memory the followed modules enter and leave read-side sections.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/event.hpp"
#include "capture/metadata.hpp"

namespace rcuscope {

class ReadSites {
public:
    explicit ReadSites(const Metadata& metadata);
    ReadSites(const ReadSites&) = delete;
    ReadSites& operator=(const ReadSites&) = delete;

    void laid_out(const event::Module& coming);
    void placed(const event::ModuleSection& section);

    // True for an rcu_read_lock(), false for an rcu_read_unlock(), nothing for another place.
    std::optional<bool> enters(const event::Site& site) const;

private:
    std::vector<ModuleInfo> modules_;
    std::vector<SiteInfo> sites_;
    std::map<std::pair<std::string_view, std::string_view>, std::vector<const SiteInfo*>> of_function_; // by module
    std::unordered_map<std::uint64_t, const SiteInfo*, SeededHash> by_address_;
};

} // namespace rcuscope
