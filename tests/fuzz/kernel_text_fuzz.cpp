// SPDX-License-Identifier: BSD-2-Clause
//
// Fuzzes the parsers of CPU lists and of the kernel's log. The first byte selects one.
#include "fuzz.hpp"
#include "kernel/cpu_list.hpp"
#include "record/stall_watch.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rcuscope;
    fuzz::Cursor cursor(fuzz::bytes_of(data, size));
    const std::uint8_t which = cursor.byte();
    const auto rest = cursor.rest();
    // In memory of exactly this size, so that a sanitizer detects a read past the end.
    const std::vector<char> exact = [&] {
        const std::string text = fuzz::text_of(rest);
        return std::vector<char>(text.begin(), text.end());
    }();
    const std::string_view text(exact.data(), exact.size());
    if (which % 2 == 0) {
        StallReader reader;
        reader.take(text);
        reader.take("3,1,1,-;rcu: \t(t=5250 jiffies g=5 q=12 ncpus=2)");
        for (const Stall& stall : reader.stalls())
            fuzz::require(text.find(stall.line) != std::string_view::npos, "a warning is a part of its record");
        return 0;
    }
    CpuSet among;
    for (std::uint32_t cpu = 0; cpu < which; cpu += 1 + which % 3)
        among.insert(cpu);
    const CpuSet cpus = parse_cpu_list(text, among);
    fuzz::require(std::includes(among.begin(), among.end(), cpus.begin(), cpus.end()),
                  "a list names CPUs that are there");
    fuzz::require(cpus.empty() || parse_cpu_list(cpu_list_text(cpus), among) == cpus,
                  "a list that is written reads the same");
    return 0;
}
