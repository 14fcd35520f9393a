// SPDX-License-Identifier: BSD-2-Clause
#include "cli/numbered.hpp"

#include <string_view>

#include "cli/finish.hpp"

namespace rcuscope {

std::string numbered(const std::string& path, unsigned number) {
    std::string_view ending;
    if (is_capture(path))
        ending = ".rcu";
    else if (const auto format = format_for_file(path); format && path.ends_with((*format)->ending))
        ending = (*format)->ending;
    if (ending.empty())
        return path;
    return path.substr(0, path.size() - ending.size()) + "-" + std::to_string(number) + std::string(ending);
}

} // namespace rcuscope
