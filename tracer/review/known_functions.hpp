// SPDX-License-Identifier: BSD-2-Clause
//
// What is known of the kernel's functions: which defer work, which wait and for what. A module's file does not tell;
// each row names the source that does.
#pragma once

#include <cstdint>
#include <string_view>

#include "review/reading.hpp"

namespace rcuscope {

inline constexpr std::uint8_t no_argument = 255;

// A function that queues work for after a grace period.
struct KnownDeferral {
    std::string_view name;
    Flavour flavour;
    std::uint8_t callback; // the argument that is the function to run, counted from 0
};

// A function that waits.
struct KnownWait {
    std::string_view name;
    WaitsFor waits_for;
    Flavour flavour;            // of callbacks and grace periods
    std::string_view ends_in;   // what it calls for that; empty: it is that itself
    std::string_view condition; // when; empty: always
    std::string_view since;     // "6.12": the first release in which it does; empty: all that are known here
    std::string_view source;    // where the kernel's source shows it
};

const KnownDeferral* known_deferral(std::string_view name);
// For a module of this kernel release ("6.1.0-57-amd64").
const KnownWait* known_wait(std::string_view name, std::string_view release);
// Functions that stop what runs by itself until then: a timer, a work item, a tasklet. They are given the object.
bool known_stop(std::string_view name);
// The same for what the kernel runs when it has a reason to: unregister_netdevice_notifier(&block).
bool known_unregister(std::string_view name);
// Functions that neither wait for callbacks nor run code of the module.
bool known_harmless(std::string_view name);

// Whether a kernel release is the given one or later: ("6.12.117+deb12-amd64", "6.12").
bool release_since(std::string_view release, std::string_view since);

} // namespace rcuscope
