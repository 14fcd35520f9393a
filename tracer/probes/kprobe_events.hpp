// SPDX-License-Identifier: BSD-2-Clause
//
// The file kprobe_events of tracefs. The tracer writes to tracefs only here. A line consists of KernelNames and
// numbers only, because each line is a command that runs with root's rights.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/error.hpp"
#include "kernel/kernel_name.hpp"

namespace rcuscope {

struct KprobeEvent {
    KernelName group;
    KernelName name;

    bool operator==(const KprobeEvent&) const = default;
    bool operator<(const KprobeEvent& other) const { return std::tie(group, name) < std::tie(other.group, other.name); }
};

// The instruction that an event probes, or with at_return the return of the function. The module need not be loaded.
struct KprobePlace {
    std::optional<KernelName> module; // none: the kernel itself
    KernelName function;
    std::uint64_t offset = 0; // bytes from the function's start
    bool at_return = false;

    bool operator==(const KprobePlace&) const = default;
    bool operator<(const KprobePlace& other) const {
        return std::tie(module, function, offset, at_return) <
               std::tie(other.module, other.function, other.offset, other.at_return);
    }
};

class KprobeEvents {
public:
    explicit KprobeEvents(const std::string& tracefs) : path_(tracefs + "/kprobe_events") {}

    const std::string& path() const { return path_; }
    // The events whose group begins with `prefix`, each once even if it has several places. Empty if the file cannot
    // be read.
    std::vector<KprobeEvent> of_groups(std::string_view prefix) const;
    // Adds a place to the event. The first place defines the event.
    Status add(const KprobeEvent& event, const KprobePlace& place) const;
    // Removes the event with all its places. Fails while something is attached to it.
    Status remove(const KprobeEvent& event) const;
    // The command that removes the event in a root shell.
    std::string removing_command(const KprobeEvent& event) const;

private:
    std::string path_;
};

} // namespace rcuscope
