// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/module_path.hpp"

#include <algorithm>
#include <string_view>
#include <unistd.h>

#include "base/file.hpp"
#include "kernel/host.hpp"

namespace rcuscope {

namespace {

// The name in the kernel's form: without folders and endings, and with '_' for '-'.
std::string module_name(std::string_view path) {
    std::string name = base_name(path);
    name = name.substr(0, name.find(".ko"));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

} // namespace

Result<std::string> module_path(const std::string& text) {
    if (text.find('/') != std::string::npos || text.find(".ko") != std::string::npos)
        return text;
    const std::string folder = "/lib/modules/" + kernel_release();
    const std::string list = read_file(folder + "/modules.dep").value_or("");
    for (const std::string_view line : split_lines(list)) {
        const std::string_view path = line.substr(0, line.find(':'));
        if (module_name(path) == module_name(text))
            return folder + "/" + std::string(path);
    }
    return fail(ExitCode::bad_input, "cannot find module " + text,
                "neither a .ko file nor a module installed for kernel " + kernel_release(),
                "give the path of its .ko file: -m ./" + text + ".ko");
}

} // namespace rcuscope
