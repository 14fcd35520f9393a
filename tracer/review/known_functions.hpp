// SPDX-License-Identifier: BSD-2-Clause
//
// Kernel functions that defer work, and that wait, with what each waits for. A module's file does not tell this, so
// each wait names the kernel source that shows it.
#pragma once

#include <cstdint>
#include <string_view>

#include "review/reading.hpp"

namespace rcuscope {

inline constexpr std::uint8_t no_argument = 255;

// A kernel function that defers work until after a grace period.
struct KnownDeferral {
    std::string_view name;
    Flavour flavour;
    std::uint8_t callback; // index of the argument with the callback, from 0; or no_argument
};

// A kernel function that waits.
struct KnownWait {
    std::string_view name;
    WaitsFor waits_for;
    Flavour flavour;            // no meaning for WaitsFor::other
    std::string_view ends_in;   // the wait that it calls; empty: it is one itself
    std::string_view condition; // condition under which it waits; empty: none
    std::string_view since;     // first release in which it waits, as "6.12"; empty: each release covered here
    std::string_view source;    // file of the kernel that shows it
};

const KnownDeferral* known_deferral(std::string_view name);
// `release`: the kernel release of the module, as "6.1.0-57-amd64".
const KnownWait* known_wait(std::string_view name, std::string_view release);
// Functions that stop a timer, a work item or a tasklet, which runs by itself until then. Their first argument is the
// object.
bool known_stop(std::string_view name);
// Functions that unregister an object, whose functions the kernel calls on some event until then. The first
// argument is the object, as in unregister_netdevice_notifier(&block).
bool known_unregister(std::string_view name);
// Functions that do not wait for RCU callbacks.
bool known_harmless(std::string_view name);

// Whether `release` is `since` or later, as in ("6.12.117+deb12-amd64", "6.12").
bool release_since(std::string_view release, std::string_view since);

} // namespace rcuscope
