// SPDX-License-Identifier: BSD-2-Clause
//
// Follows, while the recording goes on, which callbacks of followed modules are
// pending, and speaks when a module goes before they have run: the kernel may
// then have milliseconds to live, and nobody may come to look at the recording.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/event.hpp"

namespace rcuscope {

class UnloadWatch {
public:
    explicit UnloadWatch(const std::vector<std::string>& followed);

    // Events of one CPU in their order, of different CPUs in any.
    void take(const Event& event);

    // What is to be said at once, in whole sentences: to be asked when every
    // buffer has been emptied.
    std::vector<std::string> say();

    // A module goes, or went a short time ago, while callbacks into it were pending:
    // whatever is seen now may be the last.
    bool in_danger() const { return danger_; }

private:
    struct Pending {
        std::uint64_t queued_ns = 0;
        std::uint32_t cpu = 0;
        std::size_t module = 0;
    };
    struct Module {
        std::string name;
        std::uint64_t base = 0;
        std::uint64_t size = 0;
        std::optional<std::uint64_t> pending_at_free;  // told by the kernel's side, not yet said
        std::optional<std::uint64_t> pending_at_freed; // the same
        std::uint64_t free_begin_ns = 0;
        std::uint64_t freed_ns = 0;
        bool endangered = false; // it goes with callbacks pending
        bool init_failed = false;
    };

    void module_step(const Event& event, const event::Module& module);
    void pending_told(const event::ModulePending& told);
    Module* find(const std::string& name);
    std::optional<std::size_t> owner(std::uint64_t function) const;
    std::string freeing(std::size_t module, std::uint64_t pending) const;

    std::vector<Module> modules_;
    std::unordered_map<std::uint64_t, Pending> pending_; // by head
    // Invocations whose queueing is still in another CPU's buffer: when they were.
    std::unordered_map<std::uint64_t, std::uint64_t> invoked_early_;
    bool danger_ = false;
};

} // namespace rcuscope
