// SPDX-License-Identifier: BSD-2-Clause
//
// A recording that counts events in the kernel and sends no records. Recorder uses it as a sink that ignores all
// writes, and collects the counts at the end.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.hpp"
#include "capture/kernel_summary.hpp"
#include "kernel/kallsyms.hpp"
#include "kernel/module_file.hpp"
#include "probes/resolver.hpp"
#include "probes/session.hpp"
#include "probes/summary_maps.hpp"
#include "record/sink.hpp"

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

class SummaryMode final : public RecordSink {
public:
    // Everything passed must outlive the object. `path`: where symbols are read again once modules were loaded.
    SummaryMode(SummaryMaps& maps, const std::vector<ModuleFile>& followed, const Kallsyms& symbols,
                std::string path = "/proc/kallsyms")
        : maps_(maps), followed_(followed), symbols_(symbols), path_(std::move(path)) {}

    void open_window() { maps_.open_window(); }
    // Names new functions while their modules are still loaded.
    void look();
    void close_window();
    // Call it when no program runs any more. `missed`: the number of events that were not seen.
    Result<KernelSummary> collect(std::uint64_t missed);

    Status ring(std::uint32_t, std::span<const std::span<const std::byte>>) override { return {}; }
    Status symbols(std::span<const SymbolInfo>) override { return {}; }
    Status flush(bool) override { return {}; }
    Status finish(const Trailer&) override { return {}; }
    Status compress(const GoOn&) override { return {}; }
    std::uint64_t bytes() const override { return 0; }
    void abort() override {}
    Error add_partial_file_hint(Error error) const override { return error; }
    std::string current_path() const override { return ""; }
    std::optional<CaptureWriter> take_capture() override { return std::nullopt; }

private:
    SummaryMaps& maps_;
    const std::vector<ModuleFile>& followed_;
    const Kallsyms& symbols_;
    std::string path_;
    std::uint32_t seen_ = 0;
    std::unordered_map<std::uint32_t, NamedFunction, SeededHash> names_; // by slot
};

} // namespace rcuscope
