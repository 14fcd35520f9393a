// SPDX-License-Identifier: BSD-2-Clause
//
// The counts of summary mode, by the names of the callbacks' functions. The programs count by address, and a name must
// be read while the function's module is loaded.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/kernel_summary.hpp"
#include "kernel/kallsyms.hpp"
#include "kernel/module_file.hpp"
#include "probes/resolver.hpp"
#include "probes/session.hpp"
#include "probes/summary_maps.hpp"

namespace rcuscope {

// Fails if the plan lacks a hook that the counts need.
Status check_summary_plan(const AttachPlan& plan);

// The names of a callback's function.
struct NamedFunction {
    std::string module;   // empty: the kernel itself
    std::string function; // empty: unknown
};

// Names a function of a followed module, by its .ko file and the offsets of its sections.
NamedFunction name_in_module(const ModuleFile& module, const rs_function& function,
                             const std::vector<SummarySection>& sections);

// Merges functions of the same name into one row: a module that is loaded twice has the function at two addresses.
std::vector<KernelCallbacks> merged_by_name(const std::vector<KernelCallbacks>& callbacks);

class SummaryCounts {
public:
    // Everything passed must outlive the object. `path`: where symbols are read again once modules were loaded.
    SummaryCounts(SummaryMaps& maps, const std::vector<ModuleFile>& followed, const Kallsyms& symbols,
                  std::string path = "/proc/kallsyms")
        : maps_(maps), followed_(followed), symbols_(symbols), path_(std::move(path)) {}

    void open_window() { maps_.open_window(); }
    // Names the functions that were first seen since the last call. Call it while their modules are still loaded.
    void name_new_functions();
    void close_window();
    // Call it when no program runs any more. `missed`: the number of events that were not seen.
    Result<KernelSummary> collect(std::uint64_t missed);

private:
    SummaryMaps& maps_;
    const std::vector<ModuleFile>& followed_;
    const Kallsyms& symbols_;
    std::string path_;
    std::uint32_t seen_ = 0;
    std::unordered_map<std::uint32_t, NamedFunction, SeededHash> names_; // by slot
};

} // namespace rcuscope
