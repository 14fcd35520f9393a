// SPDX-License-Identifier: BSD-2-Clause
//
// Finds the module files that the arguments of `review` name: a .ko file, a module name as for modprobe, or a folder.
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
    std::string release; // kernel release in whose installed modules names are looked up; empty: the running kernel's
    std::string root;    // root of the file system with that kernel's /lib/modules; empty: /
};

struct NamedModule {
    std::string path;
    bool from_folder = false; // found below a folder, not named itself
};

// Returns each file once, in the order of the arguments; files below a folder are sorted by path. Errors are
// ExitCode::bad_input.
Result<std::vector<NamedModule>> find_modules(const std::vector<std::string>& arguments, const ModuleSet& set);

// Finds the module that exports a symbol. The source is modules.symbols, which depmod writes into a folder above the
// installed modules.
class Exporters {
public:
    ExporterOf of(const std::string& module_path);

private:
    using Symbols = std::map<std::string, std::string, std::less<>>;

    std::map<std::string, std::shared_ptr<const Symbols>> by_folder_; // null: the folder has no modules.symbols
};

} // namespace rcuscope
