// SPDX-License-Identifier: BSD-2-Clause
//
// Looks at each record during the recording, before the record goes to the sink unchanged. Frequent kinds (callbacks)
// are read in place, and only the needed fields. Other kinds are decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "capture/event.hpp"
#include "record/symbol_collector.hpp"
#include "record/trigger_watch.hpp"
#include "record/unload_watch.hpp"
#include "wire.h"

namespace rcuscope {

class RecordFilter {
public:
    // `triggers`: of the flight recorder; nullptr if the recording has none. They get every event and hazard.
    RecordFilter(SymbolCollector symbols, UnloadWatch unloads, TriggerWatch* triggers, std::uint64_t start_ns)
        : symbols_(std::move(symbols)), unloads_(std::move(unloads)), triggers_(triggers), start_ns_(start_ns) {}

    // Records from outside the window are dropped: attaching and detaching cause grace periods of their own. Names of
    // tasks and losses are kept from any time.
    void close_window(std::uint64_t ns) { end_ns_ = ns; }

    // Looks at records from Ring::piece(). Returns how many of their bytes it has looked at. `parts` receives the
    // ranges to be written, as CaptureWriter::ring() takes them.
    std::size_t look(std::uint32_t cpu, std::span<const std::byte> sent,
                     std::vector<std::span<const std::byte>>& parts);

    // Names for the sink, before the records that were looked at.
    std::vector<SymbolInfo> new_names();
    // Sentences to report at once. Call it when every ring was drained.
    std::vector<std::string> new_hazards(std::uint64_t now_ns);

    SymbolCollector& symbols() { return symbols_; }
    UnloadWatch& unloads() { return unloads_; }
    // Whether a record since the last call must be synced to the disk at once.
    bool must_hold();

private:
    // Fields of the latest callback records, and the lists found for them: successive callbacks mostly repeat these.
    struct LastCallback {
        std::uint64_t queued_function = 0;
        std::uint64_t caller = 0;
        UnloadWatch::List* queued_on = nullptr;
        std::uint64_t invoked_function = 0;
        std::uint32_t invoked_by = 0;
        UnloadWatch::List* run_by = nullptr;
    };
    std::size_t count_repeats(std::span<const std::byte> sent, const LastCallback& same) const;
    bool take(std::uint32_t cpu, std::span<const std::byte> record, LastCallback& same);
    void queued_by_another(std::uint32_t cpu, const rs_cb_queued& queued, LastCallback& same);
    void take_other(std::uint32_t cpu, const rs_header& header, std::span<const std::byte> record, LastCallback& same);
    void take_event(std::uint32_t cpu, std::span<const std::byte> record);

    SymbolCollector symbols_;
    UnloadWatch unloads_;
    TriggerWatch* triggers_;
    std::uint64_t start_ns_;
    std::uint64_t end_ns_ = std::numeric_limits<std::uint64_t>::max();
    bool taken_ = false;        // a record was seen
    bool module_event_ = false; // a record about a followed module was seen
};

} // namespace rcuscope
