// SPDX-License-Identifier: BSD-2-Clause
//
// What is looked at in each record while the recording goes on; it then goes into
// the file as it is. Of the kinds that come by the million only what is needed is
// read, the others are decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "capture/event.hpp"
#include "record/catcher.hpp"
#include "record/symbol_collector.hpp"
#include "record/unload_watch.hpp"
#include "wire.h"

namespace rcuscope {

class Intake {
public:
    // `catcher`: if something is waited for.
    Intake(SymbolCollector symbols, UnloadWatch unloads, Catcher* catcher, std::uint64_t start_ns)
        : symbols_(std::move(symbols)), unloads_(std::move(unloads)), catcher_(catcher), start_ns_(start_ns) {}

    // What happened before the window opened, or after it closed, is the tracer's
    // own doing: attaching and detaching cost grace periods. Names of tasks and
    // losses hold all the same.
    void close_window(std::uint64_t ns) { end_ns_ = ns; }

    // Looks at what a CPU sent, from Ring::piece(). Returns how much of it, and puts the parts of it
    // that are for the file into `parts`, as CaptureWriter::ring() takes them.
    std::size_t look(std::uint32_t cpu, std::span<const std::byte> sent,
                     std::vector<std::span<const std::byte>>& parts);

    SymbolCollector& symbols() { return symbols_; }
    UnloadWatch& unloads() { return unloads_; }
    // Whether something was seen since the last call that is to be on the disk at once.
    bool must_hold();

private:
    // What the callbacks before were about: mostly the next one is about the same.
    struct Same {
        std::uint64_t queued_function = 0;
        std::uint64_t caller = 0;
        UnloadWatch::List* queued_on = nullptr;
        std::uint64_t invoked_function = 0;
        std::uint32_t invoked_by = 0;
        UnloadWatch::List* run_by = nullptr;
    };
    std::size_t look_at_alike(std::span<const std::byte> sent, const Same& same) const;
    bool take(std::uint32_t cpu, std::span<const std::byte> record, Same& same);
    void queued_by_another(std::uint32_t cpu, const rs_cb_queued& queued, Same& same);
    void take_other(std::uint32_t cpu, const rs_header& header, std::span<const std::byte> record, Same& same);
    void take_event(std::uint32_t cpu, std::span<const std::byte> record);

    SymbolCollector symbols_;
    UnloadWatch unloads_;
    Catcher* catcher_;
    std::uint64_t start_ns_;
    std::uint64_t end_ns_ = std::numeric_limits<std::uint64_t>::max();
    bool taken_ = false;        // anything
    bool module_event_ = false; // one of a followed module, to be synced at once
};

} // namespace rcuscope
