// SPDX-License-Identifier: BSD-2-Clause
#include "base/available_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sys/resource.h>

namespace rcuscope {

namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

// The number in a file of a control group. "max" is none.
std::optional<std::uint64_t> number_in(const std::string& path) {
    std::ifstream file(path);
    std::uint64_t number = 0;
    return file >> number ? std::optional(number) : std::nullopt;
}

std::optional<std::uint64_t> mem_available(const std::string& root) {
    std::ifstream file(root + "/proc/meminfo");
    std::string name;
    for (std::uint64_t kib = 0; file >> name >> kib; file.ignore(std::numeric_limits<std::streamsize>::max(), '\n'))
        if (name == "MemAvailable:")
            return kib << 10;
    return std::nullopt;
}

// Each group from the process's own to the root of the hierarchy may have a limit. Source: the kernel's
// Documentation/admin-guide/cgroup-v2.rst.
std::uint64_t left_in_groups(const std::string& root) {
    std::ifstream file(root + "/proc/self/cgroup");
    std::string line;
    while (std::getline(file, line) && !line.starts_with("0::/")) {
    }
    if (!line.starts_with("0::/"))
        return no_limit;
    std::uint64_t left = no_limit;
    for (std::filesystem::path group = line.substr(3);; group = group.parent_path()) {
        const std::string folder = root + "/sys/fs/cgroup" + group.string() + "/";
        if (const auto limit = number_in(folder + "memory.max"))
            left = std::min(left, *limit - std::min(*limit, number_in(folder + "memory.current").value_or(0)));
        if (group == group.root_path())
            return left;
    }
}

std::uint64_t resource_limit(decltype(RLIMIT_AS) which) {
    rlimit limit{};
    return ::getrlimit(which, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ? no_limit : limit.rlim_cur;
}

} // namespace

std::size_t available_memory(const std::string& root) {
    const auto available = mem_available(root);
    if (!available)
        return 0;
    return std::min({*available, left_in_groups(root), resource_limit(RLIMIT_AS), resource_limit(RLIMIT_DATA)});
}

} // namespace rcuscope
