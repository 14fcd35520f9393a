// SPDX-License-Identifier: BSD-2-Clause
#include "cli/module_set.hpp"

#include <algorithm>
#include <filesystem>
#include <libkmod.h>
#include <set>
#include <system_error>

#include "base/file.hpp"
#include "kernel/host.hpp"

namespace rcuscope {

namespace {

namespace fs = std::filesystem;

// The maximum number of folders between an installed module and modules.symbols.
constexpr int deepest_module = 12;

bool is_module_file(std::string_view name) {
    return name.ends_with(".ko") || name.ends_with(".ko.xz") || name.ends_with(".ko.zst") || name.ends_with(".ko.gz");
}

template <auto release>
struct Unref {
    template <typename Object>
    void operator()(Object* object) const {
        release(object);
    }
};
using Context = std::unique_ptr<kmod_ctx, Unref<kmod_unref>>;
using Module = std::unique_ptr<kmod_module, Unref<kmod_module_unref>>;
using Modules = std::unique_ptr<kmod_list, Unref<kmod_module_unref_list>>;

Result<std::vector<std::string>> files_below(const std::string& folder) {
    std::vector<std::string> files;
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error), end;
         !error && at != end; at.increment(error)) {
        std::error_code not_told;
        if (is_module_file(at->path().filename().string()) && at->is_regular_file(not_told))
            files.push_back(at->path().string());
    }
    if (error)
        return fail(ExitCode::bad_input, "cannot read folder " + folder, error.message());
    if (files.empty())
        return fail(ExitCode::bad_input, "cannot use folder " + folder, "it contains no module",
                    "modules are files that end in .ko, .ko.xz, .ko.zst or .ko.gz");
    std::sort(files.begin(), files.end());
    return files;
}

class Names {
public:
    explicit Names(const ModuleSet& set)
        : release_(set.release.empty() ? kernel_release() : set.release),
          folder_(set.root + "/lib/modules/" + release_) {
        // With another root, libkmod must not read this machine's configuration.
        const char* none[] = {nullptr};
        context_.reset(kmod_new(folder_.c_str(), set.root.empty() ? nullptr : none));
        if (context_)
            kmod_set_log_priority(context_.get(), 0);
    }

    Result<std::vector<std::string>> paths_of(const std::string& name) const {
        kmod_list* found = nullptr;
        const int result = context_ ? kmod_module_new_from_lookup(context_.get(), name.c_str(), &found) : -1;
        const Modules list(found);
        std::vector<std::string> paths;
        bool built_in = false;
        kmod_list* each = nullptr;
        kmod_list_foreach(each, list.get()) {
            const Module module(kmod_module_get_module(each));
            if (const char* path = kmod_module_get_path(module.get()))
                paths.emplace_back(path);
            else
                built_in = true;
        }
        if (paths.empty() && !built_in)
            paths = by_file_name(name);
        if (!paths.empty())
            return paths;
        const std::string why = built_in && result >= 0
                                    ? "the module is built into kernel " + release_ + ", and has no file"
                                    : "neither a file nor a module installed for kernel " + release_ + " in " + folder_;
        return fail(ExitCode::bad_input, "cannot find module " + name, why,
                    "give the path of its .ko file, or another kernel with --kernel");
    }

private:
    // The name that the kernel uses: no endings, and '_' instead of '-'.
    static std::string module_name(std::string file) {
        file = file.substr(0, file.find(".ko"));
        std::replace(file.begin(), file.end(), '-', '_');
        return file;
    }

    // For a folder without depmod's indexes, such as a package that was unpacked and not installed.
    std::vector<std::string> by_file_name(const std::string& name) const {
        std::vector<std::string> paths;
        if (const auto files = files_below(folder_))
            for (const std::string& file : *files)
                if (module_name(base_name(file)) == module_name(name))
                    paths.push_back(file);
        return paths;
    }

    std::string release_;
    std::string folder_;
    Context context_;
};

} // namespace

Result<std::vector<NamedModule>> find_modules(const std::vector<std::string>& arguments, const ModuleSet& set) {
    std::vector<NamedModule> modules;
    std::set<std::string> known;
    const auto add = [&](const std::string& path, bool from_folder) {
        if (known.insert(path).second)
            modules.push_back({path, from_folder});
    };
    std::optional<Names> names;
    for (const std::string& argument : arguments) {
        std::error_code error;
        if (fs::is_directory(argument, error)) {
            const auto files = files_below(argument);
            if (!files)
                return tl::unexpected(files.error());
            for (const std::string& file : *files)
                add(file, true);
        } else if (argument.find('/') != std::string::npos || is_module_file(argument) || fs::exists(argument, error)) {
            add(argument, false);
        } else {
            if (!names)
                names.emplace(set);
            const auto paths = names->paths_of(argument);
            if (!paths)
                return tl::unexpected(paths.error());
            for (const std::string& path : *paths)
                add(path, false);
        }
    }
    return modules;
}

// Parses lines "alias symbol:NAME MODULE". The kernel itself exports the symbols without a line.
ExporterOf Exporters::of(const std::string& module_path) {
    std::error_code error;
    fs::path folder = fs::absolute(module_path, error).parent_path();
    for (int up = 0; up < deepest_module && folder.has_relative_path(); up++, folder = folder.parent_path()) {
        const auto [known, fresh] = by_folder_.try_emplace(folder.string());
        if (fresh && fs::exists(folder / "modules.symbols", error)) {
            auto symbols = std::make_shared<Symbols>();
            const std::string text = read_file((folder / "modules.symbols").string()).value_or("");
            constexpr std::string_view prefix = "alias symbol:";
            for (std::string_view line : split_lines(text)) {
                const std::size_t space = line.rfind(' ');
                if (line.starts_with(prefix) && space > prefix.size() && space != std::string_view::npos)
                    symbols->emplace(line.substr(prefix.size(), space - prefix.size()), line.substr(space + 1));
            }
            known->second = std::move(symbols);
        }
        if (known->second)
            return [symbols = known->second](std::string_view name) {
                const auto found = symbols->find(name);
                return std::optional(found == symbols->end() ? std::string() : found->second);
            };
    }
    return [](std::string_view) { return std::optional<std::string>(); };
}

} // namespace rcuscope
