// SPDX-License-Identifier: BSD-2-Clause
//
// Fuzzes the reader of kernel modules (.ko).
#include "fuzz.hpp"
#include "kernel/module_file.hpp"
#include "probes/reader_functions.hpp"
#include "probes/sites.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rcuscope;
    static const fuzz::MemoryFile file;
    file.hold(fuzz::bytes_of(data, size));
    const auto module = read_module_file(file.path());
    if (!module) {
        fuzz::require(module.error().code == ExitCode::bad_input && !module.error().why.empty(), "an error says why");
        return 0;
    }
    fuzz::require(!module->name.empty(), "a module has a name");
    sites_of(*module, {.readers = true, .functions = {"*"}, .reader_functions = {"*read*"}});
    unseen_functions(*module, {"*"});
    (void)reader_functions({"raed"}, {*module});
    return 0;
}
