// SPDX-License-Identifier: BSD-2-Clause
//
// Fuzzes the parser of /proc/kallsyms.
#include "fuzz.hpp"
#include "kernel/kallsyms.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rcuscope;
    const Kallsyms symbols = Kallsyms::parse(fuzz::text_of(fuzz::bytes_of(data, size)));
    const std::set<std::string> names{"free_module", "kthread", "a", ""};
    const auto found = symbols.functions_among(names);
    for (const std::string& name : names) {
        fuzz::require(found.contains(name) == symbols.has_function(name), "a function is found both ways");
        const auto code = symbols.code_of(name);
        const auto address = symbols.address_of(name);
        fuzz::require(!symbols.has_function(name) || address, "a function has an address");
        if (code.size == 0)
            continue;
        for (const std::uint64_t at : {code.address, code.address + code.size - 1, code.address + code.size})
            if (const auto place = symbols.place_of(at))
                fuzz::require(place->offset <= at, "a function lies before what is in it");
    }
    for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{0x1000}, ~std::uint64_t{0}})
        symbols.in_kernel_proper(at);
    return 0;
}
