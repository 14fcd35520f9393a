// SPDX-License-Identifier: BSD-2-Clause
//
// The data of a capture besides its events: the machine, the request, the probes and the followed modules. Stored as
// JSON in the metadata chunk and the trailer chunk (format.hpp), so that a reader needs nothing but the file. Times
// with the suffix _ns are nanoseconds.
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

// A setting of RCU on the recorded machine, as far as it could be read there. All values are text.
struct HostSetting {
    const char* name;
    bool decides; // recordings that differ in it cannot be compared
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
    std::uint32_t cpus = 0;   // CPU numbers are below this; at most max_cpus, and possibly more than the machine has
    std::uint32_t hz = 0;     // timer interrupts per second (CONFIG_HZ); 0: unknown
    bool preempt_rcu = false; // CONFIG_PREEMPT_RCU
    bool rcu_trace = false;   // CONFIG_RCU_TRACE
    std::string clock;        // "boottime": CLOCK_BOOTTIME
    // Keys are the names in host_settings. A setting that is unknown is absent.
    std::map<std::string, std::string> settings{};
};

// "4 CPUs": the CPUs that were online; "up to 8 CPUs" if that is unknown.
std::string how_many_cpus(const HostInfo& host);

// One moment on several clocks, in nanoseconds, to align the timeline with other traces.
struct ClockSnapshot {
    std::uint64_t boottime_ns = 0;
    std::uint64_t monotonic_ns = 0;
    std::uint64_t realtime_ns = 0; // since 1970-01-01 UTC
};

// The kernel's raw sequence numbers of grace periods: the two low bits are the state.
struct RcuSequences {
    std::uint64_t gp_seq = 0;
    std::uint64_t expedited_seq = 0;
};

// The time that the tracer took to attach and detach its probes, and the grace periods that ended meanwhile: the
// tracer's own and, on a busy machine, others. All of this is outside of the recording.
struct OwnShare {
    std::uint64_t attach_ns = 0;
    std::uint64_t attach_grace_periods = 0;
    std::uint64_t attach_expedited = 0;
    std::uint64_t detach_ns = 0;
    std::uint64_t detach_grace_periods = 0;
    std::uint64_t detach_expedited = 0;
};

// A hook that was attached, and the mechanism.
struct ProbeInfo {
    std::string hook;   // its name in the table of hooks: "gp.start"
    std::string via;    // "tracepoint", "fentry", "kprobe", "tracefs-kprobe"
    std::string symbol; // the functions and tracepoints that its programs are attached to: "try_module_get, module_put"
};

// A hook, or a part of one, that the recording lacks.
struct MissingInfo {
    std::string hook;
    std::string why;
};

struct ModuleFunction {
    std::string name;
    std::string section;      // section of the .ko: ".text", ".init.text"
    std::uint64_t offset = 0; // bytes from the start of the section
    std::uint64_t size = 0;   // bytes
};

struct ModuleSectionSize {
    std::string name;
    std::uint64_t size = 0; // bytes
};

// A tail call: a module's function ends with a jump to a kernel function, which then returns to the module function's
// caller.
struct ModuleJump {
    std::string function;
    std::uint64_t offset = 0; // bytes from the function's start to the jump
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
    // Calls that the .ko imports and that are not recorded: "call_srcu()". None: unknown.
    std::optional<std::vector<std::string>> not_followed{};
    // The code sections. None: unknown.
    std::optional<std::vector<ModuleSectionSize>> sections{};
    std::optional<std::vector<ModuleJump>> jumps{}; // to functions that defer work or wait; none: unknown
    // How the exit function may wait for callbacks other than by rcu_barrier(), read from the .ko. exit_waits_in: the
    // function in which it sleeps until it is woken. exit_polls_with: the function with which it sleeps in a loop.
    // wakers: functions that wake a task, directly or through others, with the waking function. None: unknown; if
    // `wakers` is present, none means that the exit function does not wait in this way.
    std::optional<std::string> exit_waits_in{};
    std::optional<std::string> exit_polls_with{};
    std::optional<std::map<std::string, std::string>> wakers{};
};

enum class SiteKind : std::uint8_t {
    read_lock,   // about to call __rcu_read_lock()
    read_unlock, // about to call __rcu_read_unlock()
    function_entry,
    function_return,
    reader_entry, // a call of the function is a read-side section (--reader-function); may share its address with
                  // another site
    reader_return,
    jump, // to a function that defers work or waits (ModuleJump); never stored in a capture
};

// A probed instruction of a followed module.
struct SiteInfo {
    SiteKind kind = SiteKind::read_lock;
    std::string module;
    std::string function;
    std::uint64_t offset = 0; // bytes from the function's start
};

struct Metadata {
    std::string tool_version;
    HostInfo host;
    ClockSnapshot clocks;              // at the start
    std::uint64_t start_ns = 0;        // CLOCK_BOOTTIME: every probe was in place
    std::vector<std::string> command;  // empty if none was run
    std::vector<std::string> followed; // names of the followed modules
    bool all_callbacks = false;        // true: callbacks of the whole system; false: of the followed modules
    std::vector<ProbeInfo> probes;
    std::vector<MissingInfo> missing;
    std::vector<ModuleInfo> modules;
    std::vector<SiteInfo> sites;
    std::optional<RcuSequences> sequences; // exactly at start_ns; none: unknown
};

struct ProbeHits {
    std::string hook;
    std::string via;
    std::uint64_t hits = 0;
    std::uint64_t missed = 0; // runs that the kernel skipped (recursion, no free kretprobe instance)
};

// Records lost on a CPU, as the BPF programs counted them until the end of the recording.
struct CpuLoss {
    std::uint32_t cpu = 0;
    std::uint64_t total = 0;   // records lost since the start
    std::uint64_t from_ns = 0; // CLOCK_BOOTTIME, of the newest run of losses
    std::uint64_t to_ns = 0;
};

// Lost events of followed callbacks. Recorded and lost events add up to all events.
struct CallbackLosses {
    std::uint64_t queued = 0;
    std::uint64_t invoked = 0;
    std::uint64_t done = 0;
};

// The kind of event that fired a trigger (`record --trigger`).
enum class FiredOn : std::uint8_t { nothing, grace_period, expedited_grace_period, callback, read_section };

struct FiredTrigger {
    std::string trigger; // as the user wrote it: "gp>200ms"
    std::string text;    // "grace period 1204 took 412 ms"
    FiredOn on = FiredOn::nothing;
    std::uint64_t id = 0;       // gp_seq, address of the rcu_head, or tid; for "pending" the number of callbacks
    std::uint64_t began_ns = 0; // CLOCK_BOOTTIME: the start of the grace period, callback or section
    std::uint64_t fired_ns = 0;
};

struct ProgramRuns {
    std::string program;
    std::string place; // its ELF section, which names the attach point: "fentry/rcu_gp_init"
    std::uint64_t runs = 0;
    std::uint64_t ns = 0; // of all runs together
};

// The cost of the recording while it was open (record --stats).
struct RunStats {
    std::vector<ProgramRuns> programs;
    std::uint64_t recorder_cpu_ns = 0; // of the recorder's own process
};

// Written when a recording ends in order. A capture without a trailer was cut off.
struct Trailer {
    std::uint64_t end_ns = 0;          // CLOCK_BOOTTIME
    std::string reason;                // why it ended: "command ended", "module freed", "duration", "interrupted", ...
    std::optional<int> command_status; // exit status of the command; 128 + signal if a signal ended it
    std::vector<ProbeHits> hits;
    std::vector<CpuLoss> lost;               // only CPUs that lost records
    std::optional<RcuSequences> sequences{}; // exactly at end_ns; none: unknown
    std::optional<OwnShare> own_share{};
    std::optional<RunStats> stats{};                // none: not requested
    std::optional<CallbackLosses> lost_callbacks{}; // none: not counted
    // The trigger that caused this recording; none: no trigger.
    std::optional<FiredTrigger> fired{};
    // Missing parts of the recording that the recorder learned of only at its end; none: nothing.
    std::optional<std::vector<MissingInfo>> missing{};
};

// Unknown members are ignored. A missing member is an error (ExitCode::bad_input), except an optional one and a map,
// since older captures lack later members.
nlohmann::json to_json(const Metadata& metadata);
nlohmann::json to_json(const Trailer& trailer);
Result<Metadata> metadata_from_json(const nlohmann::json& json);
Result<Trailer> trailer_from_json(const nlohmann::json& json);

} // namespace rcuscope
