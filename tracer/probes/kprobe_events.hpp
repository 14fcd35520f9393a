// SPDX-License-Identifier: BSD-2-Clause
//
// The file kprobe_events of tracefs. All that this program writes into tracefs is written here, and is made of
// KernelNames and numbers.
#pragma once

#include <cstdint>
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

// Where an event's probe is, and whether it waits for the function's return. The module need not be loaded.
struct KprobePlace {
    KernelName module;
    KernelName function;
    std::uint64_t offset = 0; // in the function, bytes
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
    // Those whose group begins so; each once, however many places it has. None, if the file cannot be read.
    std::vector<KprobeEvent> of_groups(std::string_view prefix) const;
    // Another place for the event; its first defines it.
    Status add(const KprobeEvent& event, const KprobePlace& place) const;
    // With all its places. Fails while something is attached to it.
    Status remove(const KprobeEvent& event) const;
    // The command that does the same in a shell of root's.
    std::string removing_command(const KprobeEvent& event) const;

private:
    std::string path_;
};

} // namespace rcuscope
