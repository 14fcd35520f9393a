// SPDX-License-Identifier: BSD-2-Clause
//
// The modules that a user names: files, names as for modprobe, folders.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "review/deferrals.hpp"

namespace rcuscope {

struct ModuleSet {
    std::string release; // of the kernel whose installed modules names stand for; empty: the running one's
    std::string root;    // where its files lie; empty: /
};

struct NamedModule {
    std::string path;
    bool from_folder = false; // found below one, not named
};

// Each file once, in the order of the arguments; those of a folder by name.
Result<std::vector<NamedModule>> find_modules(const std::vector<std::string>& arguments, const ModuleSet& set);

// Which module exports a symbol, by the list that depmod leaves above installed modules (modules.symbols).
class Exporters {
public:
    ExporterOf of(const std::string& module_path);

private:
    using Symbols = std::map<std::string, std::string, std::less<>>;

    std::map<std::string, std::shared_ptr<const Symbols>> by_folder_; // none: no list there
};

} // namespace rcuscope
