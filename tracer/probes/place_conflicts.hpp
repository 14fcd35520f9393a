// SPDX-License-Identifier: BSD-2-Clause
//
// Places of followed modules for one of which the kernel could take another.
//
// A kprobe stays in the kernel's table, by its address, when its module goes, until its event goes or the module comes
// again. The modules that come next may lie where that one was, at a distance of whole pages. Of an instruction that
// lies at an address in the table the kernel takes the first byte from there (__recover_probed_insn() in
// arch/x86/kernel/kprobes/core.c), also if that kprobe is of a module that went:
// - A new probe at such an address gets an instruction with the wrong first byte: a jump becomes a call, and the kernel
//   dies of it. Where one of the two probes is ftrace's, the kernel warns and refuses the new one, or writes a
//   breakpoint over what ftrace patches (register_aggr_kprobe() in kernel/kprobes.c).
// - On the way to a new probe, from the beginning of its function, the kernel loses its step and refuses the probe
//   (can_probe()). That does no harm, and its log tells (probes/load_refusals.hpp).
// - Where the kernel decodes up to the end of the memory for a probe (kernel/code_memory.hpp), a wrong first byte on
//   the way changes where that ends.
#pragma once

#include <string>
#include <vector>

#include "kernel/module_file.hpp"
#include "probes/reader_functions.hpp"

namespace rcuscope {

// Leaves out as many of the modules' places as it takes for those that are left to be safe. What is left out can be
// told afterwards, as it can of other places that are not probed. What is kept first is what little else tells: the
// places of read-side sections, then functions that are sections, jumps, and other functions. `functions` and
// `readers`: of the functions that are probed.
//
// Functions are seen within (KoFunction::places) only if none of these places conflicts; else all are seen by ftrace's
// probes, of which hardly one conflicts. So they are where there are several modules: the kernel decodes nothing for
// ftrace's, and refuses none.
void leave_conflicts_out(std::vector<ModuleFile>& modules, const std::vector<std::string>& functions,
                         const ReaderFunctions& readers);

} // namespace rcuscope
