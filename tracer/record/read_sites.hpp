// SPDX-License-Identifier: BSD-2-Clause
//
// Maps addresses to the instructions at which followed modules enter and leave read-side critical sections.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
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

    // True for an rcu_read_lock(), false for an rcu_read_unlock(), nothing for any other address.
    std::optional<bool> enters(const event::Site& site) const;

private:
    // A section of a module: its sites by offset, and its address.
    struct Section {
        std::vector<std::pair<std::uint64_t, const SiteInfo*>> sites;
        std::uint64_t placed = 0; // 0: not loaded
    };

    std::vector<SiteInfo> sites_;
    std::map<std::string, std::map<std::string, Section>> sections_; // by module, section
    std::unordered_map<std::uint64_t, const SiteInfo*, SeededHash> by_address_;
};

} // namespace rcuscope
