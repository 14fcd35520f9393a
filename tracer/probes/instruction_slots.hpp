// SPDX-License-Identifier: BSD-2-Clause
//
// Reserves the kernel's instruction slots for the probes of modules.
//
// For each kprobe that does not use ftrace, the kernel has a copy of the probed instruction in a slot. A page has 256
// slots (kprobe_insn_slots in kernel/kprobes.c). If a page has no used slot any more and is not the only page, the
// kernel waits for a grace period and frees it. A module that is unloaded gives up the slots of its probes after its
// exit function and before its memory is freed. So each page that only its probes used would delay the unload by a
// grace period.
//
// Before the module is loaded, disabled probes in functions of the kernel take as many slots as the module needs. Then
// they are removed, except some that stay until the recording ends: the keepers, at least one in each page. The module
// gets slots in the pages that the keepers keep. A disabled probe has a slot, but does not change the probed code.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>

#include "base/error.hpp"
#include "kernel/kernel_name.hpp"
#include "probes/kprobe_events.hpp"
#include "probes/sites.hpp"

namespace rcuscope {

// How many slots to reserve for the probes: all that they take, or 0 if they have no more sites of sections than this.
// Each reserved slot costs a grace period before the recording, so only modules with many sections get a reservation.
// For others the recording says by how much their probes delayed the unload.
inline constexpr std::size_t sections_without_reservation = 200;
std::size_t slots_to_reserve(const PlacedSites& placed);

enum class SlotUse { filler, keeper };

// Defines a probe; false: the kernel refuses it there.
using DefineProbe = std::function<bool(const KprobePlace& place, SlotUse use)>;

// Defines probes in functions of the kernel until `slots` of them are fillers. `functions`: the text of
// available_filter_functions of tracefs. Probes that take slots one after the other have at most `between_keepers`
// fillers between two keepers, and the last one is a keeper, so each page that they begin has a keeper. Returns the
// number of fillers, which is smaller than `slots` if there are not enough functions.
inline constexpr std::size_t between_keepers = 127;
std::size_t fill_slots(std::istream& functions, std::size_t slots, const DefineProbe& define);

// Reserves that many slots, as events of the group. Without tracefs' list of functions nothing is reserved.
Status reserve_slots(const std::string& tracefs, const KernelName& group, std::size_t slots);

} // namespace rcuscope
