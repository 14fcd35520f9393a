// SPDX-License-Identifier: BSD-2-Clause
//
// Fuzzes the readers of host information in /proc, /sys and tracefs.
#include <array>
#include <filesystem>
#include <map>

#include "capture/format.hpp"
#include "fuzz.hpp"
#include "kernel/host.hpp"
#include "kernel/settings.hpp"
#include "probes/sites.hpp"
#include "temp_dir.hpp"

namespace rcuscope::fuzz {

namespace {

constexpr std::array<const char*, 13> files{"proc/sys/kernel/version",
                                            "sys/kernel/debug/sched/preempt",
                                            "proc/config.gz",
                                            "proc/cmdline",
                                            "proc/2/comm",
                                            "proc/17/comm",
                                            "sys/devices/system/cpu/possible",
                                            "sys/devices/system/cpu/online",
                                            "sys/devices/system/cpu/nohz_full",
                                            "sys/kernel/rcu_expedited",
                                            "sys/module/rcutree/parameters/rcu_normal_wake_from_gp",
                                            "sys/module/rcutree/parameters/jiffies_till_first_fqs",
                                            "kprobe_profile"};
constexpr char between = '\xff'; // separates the files in an input

void lay_out(const test::TempDir& root, std::string_view text) {
    static std::map<std::string, std::string> there; // unchanged files are not written again
    for (const char* name : files) {
        const std::string part(text.substr(0, text.find(between)));
        text.remove_prefix(std::min(text.size(), part.size() + 1));
        const auto [known, added] = there.try_emplace(name);
        if (added || known->second != part)
            root.write(name, part);
        known->second = part;
    }
}

} // namespace

} // namespace rcuscope::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rcuscope;
    static const test::TempDir root;
    fuzz::lay_out(root, fuzz::text_of(fuzz::bytes_of(data, size)));
    for (const bool knows_lazy : {false, true})
        for (const auto& [name, value] : read_settings(knows_lazy, root.path()))
            fuzz::require(!value.empty(), "what is not known is left out");
    fuzz::require(possible_cpus(root.path()).size() <= max_cpus, "no kernel is built for more CPUs");
    offloads_callbacks(root.path());
    count_sites(root.path(), *KernelName::of("rcuscope_1"), SiteEvent::sites);
    return 0;
}
