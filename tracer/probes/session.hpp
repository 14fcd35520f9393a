// SPDX-License-Identifier: BSD-2-Clause
//
// Loads and attaches the BPF programs of an attach plan (resolver.hpp), and gives access to their rings, counters and
// maps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "capture/metadata.hpp"
#include "kernel/kallsyms.hpp"
#include "probes/doorbell.hpp"
#include "probes/program_needs.hpp"
#include "probes/resolver.hpp"
#include "probes/ring.hpp"
#include "probes/sites.hpp"
#include "probes/summary_maps.hpp"
#include "probes/this_kernel.hpp"

namespace rcuscope {

// The user's request to the programs. Facts about the kernel come from ThisKernel.
struct SessionConfig {
    std::vector<std::string> followed; // names of modules, at most max_followed
    bool all_callbacks = false;
    std::uint32_t ring_bytes = 4u << 20; // bytes of each CPU's ring; a power of two, whole pages
    bool stacks = false;                 // record the stacks of tasks that queue callbacks or wait
    std::optional<SummarySizes> summary; // count in the kernel, without rings; none: send records
};

inline constexpr std::size_t max_followed = 8; // RS_MAX_FOLLOWED

// Raw sequence numbers of grace periods of RCU-tasks and its "trace" flavour; 0: the kernel has none.
struct TasksSequences {
    std::uint64_t tasks = 0;
    std::uint64_t trace = 0;

    bool operator==(const TasksSequences&) const = default;
};

// The kernel's sequence numbers of grace periods at one moment.
struct SequencesAt {
    std::uint64_t ns = 0; // CLOCK_BOOTTIME
    RcuSequences sequences;
    bool exact = false; // false: the numbers are of a moment near `ns`
    TasksSequences tasks;
};

// How often a followed module was loaded and freed since the start.
struct ModuleCounts {
    std::uint32_t loaded = 0;
    std::uint32_t freed = 0;
};

// The needs of all programs of the BPF object, by the program's name.
Result<std::map<std::string, ProgramNeeds>> needs_of_programs();

// Why the programs could not be loaded.
struct LoadFailure {
    Error error;
    std::string program; // the program that the kernel refused; empty: the reason is another one
    std::string why;     // the kernel's reason to refuse it
};

class BpfSession {
public:
    // The destructor detaches and unloads the programs; the kernel does if the process dies.
    static tl::expected<BpfSession, LoadFailure> load(const AttachPlan& plan, const ThisKernel& kernel,
                                                      const SessionConfig& config);

    BpfSession(BpfSession&&) noexcept;
    BpfSession& operator=(BpfSession&&) noexcept;
    ~BpfSession();

    Status attach(const AttachPlan& plan);
    // Attaches the programs for sites to the kprobe events of tracefs, by the ids of the events.
    Status attach_sites(const PlacedSites& sites);

    // Detaches everything. Afterwards no program runs, but the records that they sent can still be drained.
    void detach();

    // The maps of a session that counts in the kernel; otherwise nullptr.
    SummaryMaps* summary() const;

    // A descriptor that is readable when a record must not wait. Call take_wakeups() first and look at the rings then.
    // -1: the session sends no records.
    int wakeup_fd() const;
    void take_wakeups();
    // By CPU number.
    std::span<Ring> rings();

    Result<SequencesAt> sequences() const;
    // The kernel measures how long BPF programs run until the descriptor is closed.
    static Result<Fd> measure_programs();
    // The runs of each loaded program since it was loaded.
    std::vector<ProgramRuns> program_runs() const;
    CallbackCounts callbacks() const;
    // `followed`: the module's index in SessionConfig::followed.
    ModuleCounts module(std::size_t followed) const;
    // The code of the life that began last: the text that stays after its init function has returned.
    Kallsyms::Code module_code(std::size_t followed) const;
    std::uint64_t hits(unsigned counter) const;
    // Runs of a hook's programs that the kernel skipped because the program was running on that CPU already.
    std::uint64_t missed(const Alternative& alternative) const;
    // Calls of callback functions whose kprobes the kernel skipped. Counted where the programs see RCU itself by
    // fentry or tracepoints, which the kernel does not skip then (bpf/missed_kprobes.h).
    std::uint64_t calls_skipped() const;
    std::vector<CpuLoss> losses() const;
    CallbackLosses lost_callbacks() const; // since the programs were loaded
    // Records that are known to be lost, including those whose time of loss is not set yet.
    std::uint64_t refused() const;

private:
    struct Impl;
    explicit BpfSession(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace rcuscope
