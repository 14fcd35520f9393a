// SPDX-License-Identifier: BSD-2-Clause
//
// The BPF programs of an attach plan, loaded and attached, and their buffers.
#pragma once

#include <cstddef>
#include <cstdint>
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
#include "probes/resolver.hpp"
#include "probes/ring.hpp"
#include "probes/sites.hpp"
#include "probes/summary_maps.hpp"
#include "probes/this_kernel.hpp"

namespace rcuscope {

// What is wanted of the programs; what they must know of the kernel they get from ThisKernel.
struct SessionConfig {
    std::vector<std::string> followed; // names of modules, at most max_followed
    bool all_callbacks = false;
    std::uint32_t ring_bytes = 4u << 20; // of each CPU's buffer; a power of two, whole pages
    bool stacks = false;                 // of who queues callbacks and who waits
    std::optional<SummaryRoom> summary;  // count in the kernel: there are no buffers
};

inline constexpr std::size_t max_followed = 8; // RS_MAX_FOLLOWED

// Raw counts of grace periods of RCU-tasks and its "trace" flavour; 0: the kernel has none.
struct TasksSequences {
    std::uint64_t tasks = 0;
    std::uint64_t trace = 0;

    bool operator==(const TasksSequences&) const = default;
};

// The kernel's count of grace periods as one moment.
struct SequencesAt {
    std::uint64_t ns = 0; // CLOCK_BOOTTIME
    RcuSequences sequences;
    bool exact = false; // they were these at that moment; else near it
    TasksSequences tasks;
};

// Of a followed module, since the start.
struct ModuleCounts {
    std::uint32_t loaded = 0;
    std::uint32_t freed = 0;
};

class BpfSession {
public:
    // Detached and unloaded by the destructor, and by the kernel if the process dies.
    static Result<BpfSession> load(const AttachPlan& plan, const ThisKernel& kernel, const SessionConfig& config);

    BpfSession(BpfSession&&) noexcept;
    BpfSession& operator=(BpfSession&&) noexcept;
    ~BpfSession();

    Status attach(const AttachPlan& plan);
    // Attaches the programs for sites to kprobe events of tracefs, by the events' ids.
    Status attach_sites(const PlacedSites& sites);

    // Closes every attachment: afterwards no program runs, and what they sent can still be drained.
    void detach();

    // Of a session that counts in the kernel; else nullptr.
    SummaryMaps* summary() const;

    // A descriptor that is readable when a record must not wait, until take_wakeups(), which comes before looking; -1:
    // there are no records.
    int wakeup_fd() const;
    void take_wakeups();
    // Of each CPU.
    std::span<Ring> rings();

    Result<SequencesAt> sequences() const;
    // From now on the kernel measures how long programs run, until the descriptor is closed.
    static Result<Fd> measure_programs();
    // Of each program that is loaded and attached, since it was loaded.
    std::vector<ProgramRuns> program_runs() const;
    CallbackCounts callbacks() const;
    // By its place in SessionConfig::followed.
    ModuleCounts module(std::size_t followed) const;
    // Of the life that began last: the text that stays when its init function has returned.
    Kallsyms::Code module_code(std::size_t followed) const;
    std::uint64_t hits(unsigned counter) const;
    // Runs that a hook's programs missed because the kernel refused to run them within each other.
    std::uint64_t missed(const Alternative& alternative) const;
    // Calls of callbacks' functions whose probes the kernel skipped, while RCU itself was seen.
    std::uint64_t calls_skipped() const;
    std::vector<CpuLoss> losses() const;
    CallbackLosses lost_callbacks() const; // since the programs were loaded
    // Records of which it is known by now that they are lost, though perhaps not yet when.
    std::uint64_t refused() const;

private:
    struct Impl;
    explicit BpfSession(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace rcuscope
