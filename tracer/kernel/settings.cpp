// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/settings.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>
#include <zlib.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "base/file.hpp"
#include "kernel/cpu_list.hpp"
#include "kernel/host.hpp"

namespace rcuscope {

namespace {

constexpr const char* white_space = " \t\r\n";

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t at = text.find_first_not_of(white_space); at != std::string_view::npos;) {
        const std::size_t end = std::min(text.find_first_of(white_space, at), text.size());
        words.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(white_space, end);
    }
    return words;
}

// The last value of a parameter on the kernel command line; "" if it has no value.
std::optional<std::string_view> boot_parameter(std::string_view command_line, std::string_view name) {
    std::optional<std::string_view> value;
    for (const std::string_view word : words_of(command_line)) {
        if (word == "--")
            break; // the rest is for init
        if (word == name)
            value = "";
        else if (word.starts_with(name) && word[name.size()] == '=')
            value = word.substr(name.size() + 1);
    }
    return value;
}

// The content of a plain or gzip file; empty if it cannot be read.
std::string read_packed(const std::string& path) {
    const std::unique_ptr<gzFile_s, decltype(&gzclose)> file(gzopen(path.c_str(), "rb"), &gzclose);
    if (!file)
        return {};
    constexpr std::size_t limit = 16U << 20U; // a configuration has about 300 kB
    std::string text;
    std::array<char, 1 << 16> part{};
    for (;;) {
        const int got = gzread(file.get(), part.data(), part.size());
        if (got < 0 || text.size() > limit)
            return {};
        if (got == 0)
            return text;
        text.append(part.data(), static_cast<std::size_t>(got));
    }
}

// The kernel's configuration; empty if it is not available.
std::string kernel_config(const std::string& root) {
    const std::string release = read_line_or_empty(root + "/proc/sys/kernel/osrelease");
    for (const std::string& path :
         {std::string("/proc/config.gz"), "/boot/config-" + release, "/lib/modules/" + release + "/config"})
        if (std::string text = read_packed(root + path); !text.empty())
            return "\n" + text;
    return {};
}

constexpr std::array<std::string_view, 4> changeable_models{"none", "voluntary", "full", "lazy"};

std::string preemption_model(bool knows_lazy, const std::string& root) {
    const std::string version = read_line_or_empty(root + "/proc/sys/kernel/version");
    const auto words = words_of(version);
    const auto built = [&](std::string_view flag) {
        return std::find(words.begin(), words.end(), flag) != words.end();
    };
    if (built("PREEMPT_RT"))
        return "rt";
    // In "none voluntary (full)" the brackets mark the model in force.
    const std::string in_force = read_line_or_empty(root + "/sys/kernel/debug/sched/preempt");
    const auto from = in_force.find('(');
    const auto to = in_force.find(')');
    if (from != std::string::npos && to != std::string::npos && from < to)
        return in_force.substr(from + 1, to - from - 1);

    const std::string config = kernel_config(root);
    const auto configured = [&](std::string_view option) {
        return config.find("\n" + std::string(option) + "=y\n") != std::string::npos;
    };
    if (configured("CONFIG_PREEMPT_RT"))
        return "rt";
    const std::string command_line = read_line_or_empty(root + "/proc/cmdline");
    const auto chosen = boot_parameter(command_line, "preempt");
    const bool dynamic = built("PREEMPT_DYNAMIC") || configured("CONFIG_PREEMPT_DYNAMIC");
    if (dynamic && chosen &&
        std::find(changeable_models.begin(), changeable_models.end(), *chosen) != changeable_models.end())
        return std::string(*chosen);
    for (const auto& [option, model] :
         {std::pair{"CONFIG_PREEMPT", "full"}, std::pair{"CONFIG_PREEMPT_LAZY", "lazy"},
          std::pair{"CONFIG_PREEMPT_VOLUNTARY", "voluntary"}, std::pair{"CONFIG_PREEMPT_NONE", "none"}})
        if (configured(option))
            return model;
    // Without a configuration only "full" can be certain. A version without a preemption flag fits none and voluntary.
    return built("PREEMPT") && !dynamic && !chosen && !knows_lazy ? "full" : "";
}

std::string offloaded_cpus(const std::string& root) {
    // A process in another PID namespace does not see the kernel's threads.
    if (read_line_or_empty(root + "/proc/2/comm") != "kthreadd")
        return {};
    // If no such kthread exists, no CPU can be offloaded. If some exist, every CPU has them, offloaded or not.
    if (!offloads_callbacks(root))
        return "none";
    const auto possible_list = possible_cpus(root);
    const CpuSet possible(possible_list.begin(), possible_list.end());
    const std::string command_line = read_line_or_empty(root + "/proc/cmdline");
    const auto asked = boot_parameter(command_line, "rcu_nocbs");
    CpuSet cpus = parse_cpu_list(read_line_or_empty(root + "/sys/devices/system/cpu/nohz_full"), possible);
    if (asked)
        cpus.merge(parse_cpu_list(*asked, possible));
    else if (cpus.empty())
        cpus = possible; // CONFIG_RCU_NOCB_CPU_DEFAULT_ALL
    return cpus.empty() ? "none" : cpu_list_text(cpus);
}

// A kernel without this setting behaves as with 0. The value -1 means "not chosen", which is 0, too.
std::string wakes_from_grace_period(const std::string& root) {
    const std::string folder = root + "/sys/module/rcutree/parameters/";
    const std::string value = read_line_or_empty(folder + "rcu_normal_wake_from_gp");
    if (!value.empty())
        return value == "0" || value.starts_with('-') || value == "N" ? "0" : "1";
    std::error_code failed;
    return std::filesystem::is_directory(folder, failed) &&
                   !std::filesystem::exists(folder + "rcu_normal_wake_from_gp", failed) && !failed
               ? "0"
               : "";
}

std::string online_cpus(const std::string& root) {
    const std::string text = read_line_or_empty(root + "/sys/devices/system/cpu/online");
    const auto possible = possible_cpus(root);
    const CpuSet cpus = parse_cpu_list(text, {possible.begin(), possible.end()});
    return cpus.empty() ? "" : std::to_string(cpus.size());
}

} // namespace

std::map<std::string, std::string> read_settings(bool knows_lazy, const std::string& root) {
    std::map<std::string, std::string> settings{
        {"cpus_online", online_cpus(root)},
        {"preemption", preemption_model(knows_lazy, root)},
        {"rcu_nocbs", offloaded_cpus(root)},
        {"rcu_expedited", read_line_or_empty(root + "/sys/kernel/rcu_expedited")},
        {"rcu_normal", read_line_or_empty(root + "/sys/kernel/rcu_normal")},
        {"rcu_normal_wake_from_gp", wakes_from_grace_period(root)},
        {"virtualization", hypervisor()},
    };
    for (const char* name : {"jiffies_till_first_fqs", "jiffies_till_next_fqs"})
        settings[name] = read_line_or_empty(root + "/sys/module/rcutree/parameters/" + name);
    std::erase_if(settings, [](const auto& setting) { return setting.second.empty(); });
    return settings;
}

std::string hypervisor() {
#if defined(__x86_64__)
    constexpr unsigned present = 1U << 31U; // ECX of leaf 1
    constexpr unsigned first_leaf = 0x40000000;
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0)
        return {};
    if ((ecx & present) == 0)
        return "none";
    __cpuid(first_leaf, eax, ebx, ecx, edx);
    std::array<char, 13> signature{};
    std::memcpy(signature.data(), &ebx, 4);
    std::memcpy(signature.data() + 4, &ecx, 4);
    std::memcpy(signature.data() + 8, &edx, 4);
    const std::string text = signature.data();
    for (const auto& [begin, name] : {std::pair{"TCG", "TCG"}, std::pair{"KVM", "KVM"}, std::pair{"VMware", "VMware"},
                                      std::pair{"Microsoft Hv", "Hyper-V"}, std::pair{"Xen", "Xen"}})
        if (text.starts_with(begin))
            return name;
    return text.empty() ? "unnamed" : text;
#else
    return {};
#endif
}

} // namespace rcuscope
