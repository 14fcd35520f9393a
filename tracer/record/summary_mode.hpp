// SPDX-License-Identifier: BSD-2-Clause
//
// A recording whose events stay in the kernel, as counts: what Recorder writes
// nothing to, and asks for the sum at the end.
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

// Whether the plan shows all that is to be counted.
Status check_summary_plan(const AttachPlan& plan);

// A callback's function in words.
struct NamedFunction {
    std::string module;   // empty: the kernel proper
    std::string function; // empty: not known
};

// Of a followed module, from its .ko file and where its sections were put.
NamedFunction name_in_module(const ModuleFile& module, const rs_function& function,
                             const std::vector<SummarySection>& sections);

// One row for each name: a function that was at several places is one.
std::vector<KernelCallbacks> merged_by_name(const std::vector<KernelCallbacks>& callbacks);

class SummaryMode final : public RecordSink {
public:
    // All of it must outlive this. `path`: where symbols are read again when modules came.
    SummaryMode(SummaryMaps& maps, const std::vector<ModuleFile>& followed, const Kallsyms& symbols,
                std::string path = "/proc/kallsyms")
        : maps_(maps), followed_(followed), symbols_(symbols), path_(std::move(path)) {}

    void open_window() { maps_.open_window(); }
    // Names the functions that have come, while their modules are there.
    void look();
    void close_window();
    // When no program runs any longer. `missed`: events that went by unseen.
    Result<KernelSummary> collect(std::uint64_t missed);

    Status ring(std::uint32_t, std::span<const std::span<const std::byte>>) override { return {}; }
    Status symbols(std::span<const SymbolInfo>) override { return {}; }
    Status flush(bool) override { return {}; }
    Status finish(const Trailer&) override { return {}; }
    Status compress(const GoOn&) override { return {}; }
    std::uint64_t bytes() const override { return 0; }
    void discard() override {}
    Error with_what_is_left(Error error) const override { return error; }
    std::string kept() const override { return ""; }
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
