// SPDX-License-Identifier: BSD-2-Clause
//
// What a capture says of itself besides its events: the machine, the request,
// the probes, the followed modules. Stored as JSON in chunks of their own
// (format.hpp), so that a reader years from now needs nothing but the file.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace rcuscope {

// How RCU was set up on a machine, as far as that can be read there. All values are text.
struct HostSetting {
    const char* name;
    bool decides; // recordings in which it differs cannot be compared with each other
    const char* about;
};
inline constexpr std::array<HostSetting, 9> host_settings{{
    {"cpus_online", true, "how many CPUs were online when the recording began"},
    {"preemption", true, "preemption model in force: none, voluntary, full, lazy or rt"},
    {"rcu_nocbs", true, "CPUs whose callbacks are offloaded to kthreads: \"0-3,6\"; none"},
    {"rcu_expedited", true, "1: synchronize_rcu() is always expedited"},
    {"rcu_normal", true, "1: synchronize_rcu_expedited() is never expedited"},
    {"rcu_normal_wake_from_gp", true, "1: RCU's own thread wakes synchronize_rcu(); 0: a callback does"},
    {"virtualization", true, "hypervisor or emulator: TCG, KVM, ...; none"},
    {"jiffies_till_first_fqs", false, "from the start of a grace period to its first forced scan"},
    {"jiffies_till_next_fqs", false, "between forced scans"},
}};

struct HostInfo {
    std::string kernel;       // utsname.release
    std::string machine;      // utsname.machine
    std::uint32_t cpus = 0;   // CPU numbers are below this, which is at most max_cpus; there may be fewer CPUs
    std::uint32_t hz = 0;     // timer interrupts per second (CONFIG_HZ), 0 if not known
    bool preempt_rcu = false; // CONFIG_PREEMPT_RCU
    bool rcu_trace = false;   // CONFIG_RCU_TRACE
    std::string clock;        // "boottime": CLOCK_BOOTTIME
    // By the names of host_settings; one that is not there is not known.
    std::map<std::string, std::string> settings{};
};

// "4 CPUs": those that were online; "up to 8 CPUs" where that is not known.
std::string how_many_cpus(const HostInfo& host);

// One moment read on several clocks, to lay the timeline beside other traces. Nanoseconds.
struct ClockSnapshot {
    std::uint64_t boottime_ns = 0;
    std::uint64_t monotonic_ns = 0;
    std::uint64_t realtime_ns = 0; // since 1970-01-01 UTC
};

// The kernel's own count of grace periods, raw: the two low bits are the state.
struct RcuSequences {
    std::uint64_t gp_seq = 0;
    std::uint64_t expedited_seq = 0;
};

// What placing and removing the probes took, and the grace periods that ended meanwhile: the tracer's own, and on a
// busy machine others' among them. All of it lies outside of the recording.
struct OwnShare {
    std::uint64_t attach_ns = 0;
    std::uint64_t attach_grace_periods = 0;
    std::uint64_t attach_expedited = 0;
    std::uint64_t detach_ns = 0;
    std::uint64_t detach_grace_periods = 0;
    std::uint64_t detach_expedited = 0;
};

// A hook that was attached, and how.
struct ProbeInfo {
    std::string hook;   // its name in the table of hooks: "gp.start"
    std::string via;    // "fentry", "fexit", "kprobe", "kretprobe", "tracefs-kprobe"
    std::string symbol; // what it is attached to
};

// A hook that could not be had, or a part of what it would show.
struct MissingInfo {
    std::string hook;
    std::string why;
};

struct ModuleFunction {
    std::string name;
    std::string section;      // section of the .ko: ".text", ".init.text"
    std::uint64_t offset = 0; // in that section, bytes
    std::uint64_t size = 0;   // bytes
};

struct ModuleSectionSize {
    std::string name;
    std::uint64_t size = 0; // bytes
};

// A place where a module's function ends with a jump to a function of the kernel's, which then returns to the module
// function's own caller.
struct ModuleJump {
    std::string function;
    std::uint64_t offset = 0; // of the jump in the function, bytes
    std::string target;       // "call_rcu"
};

// A followed module, read from its .ko file before it was loaded.
struct ModuleInfo {
    std::string name;
    std::string file;     // base name of the .ko
    std::string build_id; // hex, empty if it has none
    std::string init_function;
    std::string exit_function;             // empty if it has none
    std::vector<ModuleFunction> functions; // by section, then offset
    // Calls that its .ko imports and that are not recorded: "call_srcu()"; none: not known.
    std::optional<std::vector<std::string>> not_followed{};
    // Of its code; none: not known.
    std::optional<std::vector<ModuleSectionSize>> sections{};
    std::optional<std::vector<ModuleJump>> jumps{}; // to what defers work or waits; none: not known
    // The .ko's word on how it may wait for callbacks otherwise than by rcu_barrier(): in what its exit function
    // sleeps until it is woken, or sleeps again and again; with what which function wakes whoever sleeps. None: not
    // known, or, where the wakers are known, it does not.
    std::optional<std::string> exit_waits_in{};
    std::optional<std::string> exit_polls_with{};
    std::optional<std::map<std::string, std::string>> wakers{};
};

enum class SiteKind : std::uint8_t {
    read_lock,   // about to call __rcu_read_lock()
    read_unlock, // about to call __rcu_read_unlock()
    function_entry,
    function_return,
    reader_entry, // of a function whose calls the user names read-side sections; it may be the place of another site
    reader_return,
    jump, // to a function that defers work or waits (ModuleJump): in no capture
};

// A probed place of a followed module.
struct SiteInfo {
    SiteKind kind = SiteKind::read_lock;
    std::string module;
    std::string function;
    std::uint64_t offset = 0; // in the function, bytes
};

struct Metadata {
    std::string tool_version;
    HostInfo host;
    ClockSnapshot clocks;              // at the start
    std::uint64_t start_ns = 0;        // CLOCK_BOOTTIME: when every probe was in place
    std::vector<std::string> command;  // empty if none was run
    std::vector<std::string> followed; // names of the followed modules
    bool all_callbacks = false;        // callbacks of the whole system, not only of the followed modules
    std::vector<ProbeInfo> probes;
    std::vector<MissingInfo> missing;
    std::vector<ModuleInfo> modules;
    std::vector<SiteInfo> sites;
    std::optional<RcuSequences> sequences; // exactly at start_ns; none: not known
};

struct ProbeHits {
    std::string hook;
    std::string via;
    std::uint64_t hits = 0;
    std::uint64_t missed =
        0; // the kernel reached it but could not run the probe (recursion, no free kretprobe instance)
};

// Records lost on a CPU, from the kernel's own count at the end of the recording.
struct CpuLoss {
    std::uint32_t cpu = 0;
    std::uint64_t total = 0;   // since the start
    std::uint64_t from_ns = 0; // CLOCK_BOOTTIME, of the newest run of losses
    std::uint64_t to_ns = 0;
};

// Events of followed callbacks among what was lost: with those recorded, they are all that there were.
struct CallbackLosses {
    std::uint64_t queued = 0;
    std::uint64_t invoked = 0;
    std::uint64_t done = 0;
};

// On what a trigger fired (`record --trigger`).
enum class FiredOn : std::uint8_t { nothing, grace_period, expedited_grace_period, callback, read_section };

struct FiredTrigger {
    std::string trigger; // as it was asked for: "gp>200ms"
    std::string text;    // "grace period 1204 took 412 ms"
    FiredOn on = FiredOn::nothing;
    std::uint64_t id = 0;       // the gp_seq, the head or the tid; of "pending" how many there were
    std::uint64_t began_ns = 0; // CLOCK_BOOTTIME: of what it fired on
    std::uint64_t fired_ns = 0;
};

struct ProgramRuns {
    std::string program;
    std::string place; // where it is attached: "fentry/rcu_gp_init"
    std::uint64_t runs = 0;
    std::uint64_t ns = 0; // all of them together
};

// What the recording cost while it was open (record --stats).
struct RunStats {
    std::vector<ProgramRuns> programs;
    std::uint64_t recorder_cpu_ns = 0; // of the recorder's own process
};

// Written when a recording ends in order. A capture without it was cut off.
struct Trailer {
    std::uint64_t end_ns = 0;          // CLOCK_BOOTTIME
    std::string reason;                // why it ended: "command ended", "module freed", "duration", "interrupted", ...
    std::optional<int> command_status; // exit status of the command, 128 + signal if one ended it
    std::vector<ProbeHits> hits;
    std::vector<CpuLoss> lost;               // CPUs that lost something
    std::optional<RcuSequences> sequences{}; // exactly at end_ns; none: not known
    std::optional<OwnShare> own_share{};
    std::optional<RunStats> stats{};                // none: not asked for
    std::optional<CallbackLosses> lost_callbacks{}; // none: not counted
    // Why there is this recording; none: it was not waited for.
    std::optional<FiredTrigger> fired{};
    // What the recording lacks and was known at its end only; none: nothing.
    std::optional<std::vector<MissingInfo>> missing{};
};

// Unknown members are ignored. Missing ones are an error (ExitCode::bad_input), but for those that may be none: older
// captures lack what was added later.
nlohmann::json to_json(const Metadata& metadata);
nlohmann::json to_json(const Trailer& trailer);
Result<Metadata> metadata_from_json(const nlohmann::json& json);
Result<Trailer> trailer_from_json(const nlohmann::json& json);

} // namespace rcuscope
