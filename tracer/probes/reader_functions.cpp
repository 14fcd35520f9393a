// SPDX-License-Identifier: BSD-2-Clause
#include "probes/reader_functions.hpp"

#include <algorithm>

#include "probes/sites.hpp"

namespace rcuscope {

namespace {

std::string option(const std::string& text) {
    return "--reader-function " + text;
}

// Splits the text into a module and a pattern. Returns the module, and sets `pattern` if the text names the module.
Result<const ModuleFile*> module_of(const std::string& text, std::string& pattern,
                                    const std::vector<ModuleFile>& modules) {
    if (modules.empty())
        return fail(ExitCode::bad_input, option(text), "no module is followed", "name one with -m");
    const auto colon = text.find(':');
    if (colon == std::string::npos) {
        if (modules.size() > 1)
            return fail(ExitCode::bad_input, option(text), "more than one module is followed",
                        "name its module: " + modules.front().name + ":" + text);
        return &modules.front();
    }
    const std::string name = text.substr(0, colon);
    pattern = text.substr(colon + 1);
    const auto found =
        std::find_if(modules.begin(), modules.end(), [&name](const ModuleFile& module) { return module.name == name; });
    if (found == modules.end())
        return fail(ExitCode::bad_input, option(text), "module " + name + " is not followed", "name it with -m");
    return &*found;
}

// The edit distance: how many letters to insert, delete or replace to turn `a` into `b`.
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); j++)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); i++) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); j++) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
        }
    }
    return row[b.size()];
}

// Names that the user may have meant: "read_long, read_short". Empty if no name is similar.
std::string near_matches(const std::string& pattern, const ModuleFile& module) {
    constexpr std::size_t limit = 3;
    std::vector<std::pair<std::size_t, std::string>> near;
    for (const KoFunction& function : module.functions) {
        const std::size_t away = distance(pattern, function.name);
        const bool part = !pattern.empty() && function.name.find(pattern) != std::string::npos;
        if (function.can_be_entered && !function.why_unseen() && (part || away <= 1 + pattern.size() / 4))
            near.emplace_back(away, function.name);
    }
    std::sort(near.begin(), near.end());
    std::string names;
    for (std::size_t i = 0; i < std::min(limit, near.size()); i++)
        names += (i == 0 ? "" : ", ") + near[i].second;
    return names;
}

// Fails unless the pattern matches a function whose calls can be seen.
Status check(const std::string& text, const std::string& pattern, const ModuleFile& module) {
    if (!sites_of(module, {.functions = {pattern}}).empty())
        return {};
    if (const auto unseen = unseen_functions(module, {pattern}); !unseen.empty())
        return fail(ExitCode::bad_input, option(text),
                    "calls of " + module.name + ":" + unseen.front().name + " cannot be seen: " + unseen.front().why +
                        (unseen.front().notrace ? std::string(", ") + unseen.front().notrace : ""),
                    "name a function that calls it, or one that it calls");
    const std::string near = near_matches(pattern, module);
    return fail(ExitCode::bad_input, option(text),
                module.name + " has no such function; perhaps the compiler inlined it",
                std::string("mark it noinline, or name a caller") + (near.empty() ? "" : "; similar names: ") + near);
}

} // namespace

Result<ReaderFunctions> reader_functions(const std::vector<std::string>& texts,
                                         const std::vector<ModuleFile>& modules) {
    ReaderFunctions readers;
    for (const std::string& text : texts) {
        std::string pattern = text;
        auto module = module_of(text, pattern, modules);
        if (!module)
            return tl::unexpected(module.error());
        if (auto fine = check(text, pattern, **module); !fine)
            return tl::unexpected(fine.error());
        readers[(*module)->name].push_back(std::move(pattern));
    }
    return readers;
}

std::vector<std::string> readers_of(const ReaderFunctions& readers, const std::string& module) {
    const auto found = readers.find(module);
    return found == readers.end() ? std::vector<std::string>() : found->second;
}

} // namespace rcuscope
