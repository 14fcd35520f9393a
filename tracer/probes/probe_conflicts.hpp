// SPDX-License-Identifier: BSD-2-Clause
//
// Finds probed places of followed modules that the kernel can confuse with each other, and leaves some of them out.
// Place: the address of an instruction, here its offset in the module's code.
//
// When a module is freed, its kprobes stay in the kernel's table, by address, until their event is removed or the
// module is loaded again. Modules that are loaded next can get the same memory, shifted by whole pages. For each
// instruction at an address in the table, the kernel takes the first byte from the table (__recover_probed_insn() in
// arch/x86/kernel/kprobes/core.c), even if that kprobe belongs to a freed module:
// - A new probe at such an address gets an instruction with the wrong first byte. A jump becomes a call, and the kernel
//   crashes. If one of the two probes is ftrace's, the kernel warns and refuses the new one, or writes a breakpoint
//   over code that ftrace patches (register_aggr_kprobe() in kernel/kprobes.c).
// - To place a probe, the kernel decodes its function from the start. A wrong first byte on the way shifts the
//   instruction boundaries, and the kernel refuses the probe (can_probe()). This is harmless, and the kernel logs it
//   (probes/load_refusals.hpp).
// - For some probes the kernel decodes up to the end of the memory (kernel/code_memory.hpp). A wrong first byte on the
//   way changes where the decoding ends.
#pragma once

#include <string>
#include <vector>

#include "kernel/module_file.hpp"
#include "probes/reader_functions.hpp"

namespace rcuscope {

// Leaves out places of the modules until no two conflict. Each module records what was left out and why, as for other
// places that are not probed. If two places conflict, the one stays that is harder to replace, in this order: places
// of read-side sections, functions that are read-side sections, jumps, and other functions. `functions` and `readers`
// are the patterns of the probed functions.
//
// A function is probed within its body (KoFunction::places) only if none of these places conflicts. If one does, all
// functions are probed at their entries by ftrace's kprobes, which rarely conflict. Exception: if it is the function
// for whose probes the kernel decodes to the end of a memory, only that function is. With several modules, ftrace's
// kprobes are always used: the kernel decodes nothing for them and refuses none.
void leave_out_conflicts(std::vector<ModuleFile>& modules, const std::vector<std::string>& functions,
                         const ReaderFunctions& readers);

} // namespace rcuscope
