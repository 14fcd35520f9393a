// SPDX-License-Identifier: BSD-2-Clause
#include "timeline/exit_jumps.hpp"

namespace rcuscope {

namespace {

constexpr std::uint64_t jump_size = 5; // jmp rel32: opcode e9 and 4 bytes

} // namespace

ExitJumps::ExitJumps(const Metadata& metadata) {
    for (const ModuleInfo& module : metadata.modules) {
        if (module.exit_function.empty() || !exit_functions_.emplace(module.name, module.exit_function).second ||
            !module.jumps)
            continue;
        for (const ModuleJump& jump : *module.jumps) {
            if (jump.function != module.exit_function)
                continue;
            const auto [known, added] =
                jumps_.try_emplace({module.name, jump.target}, Jump{.behind = jump.offset + jump_size});
            known->second.only = added;
        }
    }
}

bool ExitJumps::may_hide_behind(const CodeLocation& caller) {
    return caller.module.empty() && caller.function.str().find("_sys_delete_module") != std::string::npos;
}

CodeLocation ExitJumps::place_of(const std::string& module, std::string_view target, const CodeLocation& caller) const {
    const auto exit = exit_functions_.find(module);
    if (exit == exit_functions_.end())
        return caller;
    const auto jump = jumps_.find({module, std::string(target)});
    const bool known = jump != jumps_.end() && jump->second.only;
    return {.address = caller.address,
            .function = exit->second,
            .module = module,
            .offset = known ? jump->second.behind : 0};
}

} // namespace rcuscope
