// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/host.hpp"

#include <atomic>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.hpp"
#include "kernel/cpu_list.hpp"

namespace rcuscope {

namespace {

constexpr std::uint32_t max_possible_cpus = 8192; // the highest NR_CPUS of any kernel

std::uint64_t clock_ns(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(now.tv_nsec);
}

utsname names() {
    utsname result{};
    ::uname(&result);
    return result;
}

} // namespace

std::string kernel_release() {
    return names().release;
}

std::string kernel_machine() {
    return names().machine;
}

std::vector<std::uint32_t> possible_cpus(const std::string& root) {
    CpuSet any;
    for (std::uint32_t cpu = 0; cpu < max_possible_cpus; cpu++)
        any.insert(any.end(), cpu);
    const CpuSet cpus = parse_cpu_list(read_line_or_empty(root + "/sys/devices/system/cpu/possible"), any);
    return {cpus.begin(), cpus.end()};
}

std::uint32_t timer_hz() {
    timespec tick{};
    if (::clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0 || tick.tv_sec != 0 || tick.tv_nsec <= 0)
        return 0;
    return static_cast<std::uint32_t>((1'000'000'000 + tick.tv_nsec / 2) / tick.tv_nsec);
}

std::uint64_t boottime_ns() {
    return clock_ns(CLOCK_BOOTTIME);
}

std::uint64_t monotonic_ns() {
    return clock_ns(CLOCK_MONOTONIC);
}

std::uint64_t realtime_ns() {
    return clock_ns(CLOCK_REALTIME);
}

std::string lockdown_mode() {
    // In "none [integrity] confidentiality" the brackets mark the mode in force.
    const std::string text = read_line_or_empty("/sys/kernel/security/lockdown");
    const auto from = text.find('[');
    const auto to = text.find(']');
    return from == std::string::npos || to == std::string::npos ? "" : text.substr(from + 1, to - from - 1);
}

bool is_root() {
    return ::geteuid() == 0;
}

Result<std::string> tracefs_path() {
    for (const char* path : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"})
        if (::access((std::string(path) + "/kprobe_events").c_str(), F_OK) == 0)
            return path;
    return fail(ExitCode::cannot_here, "cannot place probes in a module",
                "tracefs is not mounted, or has no kprobe_events",
                "mount it: mount -t tracefs tracefs /sys/kernel/tracing");
}

std::uint64_t boottime_ns_before() {
    const std::uint64_t now = boottime_ns();
#if defined(__x86_64__)
    // The processor may execute later loads before it reads its clock.
    __builtin_ia32_lfence();
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
    return now;
}

bool offloads_callbacks(const std::string& root) {
    std::error_code failed;
    for (std::filesystem::directory_iterator at(root + "/proc", failed), end; !failed && at != end;
         at.increment(failed))
        if (read_line_or_empty(at->path() / "comm").starts_with("rcuog/"))
            return true;
    return false;
}

bool has_tickless_cpus(const std::string& root) {
    // "(null)" or empty if there are none.
    const std::string cpus = read_line_or_empty(root + "/sys/devices/system/cpu/nohz_full");
    return cpus.find_first_of("0123456789") != std::string::npos;
}

bool has_lazy_callbacks() {
    return read_line_or_empty("/sys/module/rcutree/parameters/enable_rcu_lazy") == "Y";
}

bool has_trace_event(const std::string& tracefs, std::string_view group, std::string_view name) {
    const std::string path = tracefs + "/events/" + std::string(group) + "/" + std::string(name) + "/id";
    return ::access(path.c_str(), F_OK) == 0;
}

} // namespace rcuscope
