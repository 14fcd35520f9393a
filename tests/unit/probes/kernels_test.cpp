// SPDX-License-Identifier: BSD-2-Clause
//
// Resolves the hooks against the library of kernels (tests/kernels): real kernels' types and symbols, without a boot.
#include <algorithm>
#include <cctype>
#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "kernel/kernel_btf.hpp"
#include "kernel/unpack.hpp"
#include "probes/resolver.hpp"
#include "probes/session.hpp"
#include "probes/summary_hooks.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

const std::string library = RCUSCOPE_SOURCE_DIR "/tests/kernels/";

std::vector<std::string> releases() {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(library))
        if (const std::string name = entry.path().filename(); name.ends_with(".btf.zst"))
            all.push_back(name.substr(0, name.size() - std::string_view(".btf.zst").size()));
    std::sort(all.begin(), all.end());
    return all;
}

std::string unpacked(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    auto content = unpack(file.get());
    EXPECT_TRUE(content && *content) << path;
    return content && *content ? std::move(**content) : std::string();
}

KernelOffer offer_of(const std::string& release) {
    KernelOffer offer;
    const auto types = KernelBtf::parse(unpacked(library + release + ".btf.zst"));
    const auto needs = needs_of_programs();
    EXPECT_TRUE(types) << types.error().why;
    EXPECT_TRUE(needs) << needs.error().why;
    if (types && needs)
        read_types(offer, *types, *needs);
    std::set<std::string> symbols;
    const std::string text = unpacked(library + release + ".symbols.zst");
    for (const std::string_view line : split_lines(text))
        symbols.emplace(line);
    for (const std::string& name : functions_named(hook_table()))
        if (symbols.contains(name))
            offer.symbol_functions.insert(name);
    offer.preempt_rcu = symbols.contains("__rcu_read_lock");
    offer.kprobe_events = true;
    return offer;
}

bool is_older_than_5_17(const std::string& release) {
    return release.starts_with("5.10.");
}

class OfKernel : public testing::TestWithParam<std::string> {};

// A changed prototype or structure makes this fail with a line that names the hook, the function and both prototypes.
TEST_P(OfKernel, EveryHookHasAProgramThatFits) {
    const KernelOffer offer = offer_of(GetParam());
    for (const auto via : {std::optional<Way>(), std::optional(Way::fentry), std::optional(Way::kprobe)}) {
        const PlanRequest request{.via = via, .follow_modules = true, .follow_functions = true};
        for (const auto table : {hook_table(), summary_hook_table()})
            for (const PlannedHook& planned : resolve(table, offer, request).hooks)
                if (planned.hook->scope != HookScope::read_sites || offer.preempt_rcu)
                    EXPECT_FALSE(planned.missing()) << planned.hook->name << ": " << planned.why;
    }
}

TEST_P(OfKernel, HasTheFunctionsOfPreemptibleRcuIfItHasIt) {
    const KernelOffer offer = offer_of(GetParam());
    EXPECT_EQ(offer.preempt_rcu, !is_older_than_5_17(GetParam()) && GetParam().find("voluntary") == std::string::npos);
}

std::vector<std::string> usable_releases() {
    std::vector<std::string> all = releases();
    std::erase_if(all, is_older_than_5_17);
    return all;
}

INSTANTIATE_TEST_SUITE_P(Library, OfKernel, testing::ValuesIn(usable_releases()), [](const auto& of) {
    std::string name = of.param;
    for (char& each : name)
        if (!std::isalnum(static_cast<unsigned char>(each)))
            each = '_';
    return name;
});

TEST(KernelLibrary, HasTheKernelsThatPeopleRun) {
    const auto all = releases();
    EXPECT_GE(all.size(), 20u);
    for (auto prefix : {"5.10.", "6.1.", "6.12.", "6.16.", "6.18.", "7.2.", "7.3."})
        EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const std::string& name) {
            return name.starts_with(prefix);
        })) << prefix;
}

TEST(KernelLibrary, TheOldestOneLacksHelpers) {
    std::size_t old = 0;
    for (const std::string& release : releases())
        if (is_older_than_5_17(release)) {
            EXPECT_THAT(offer_of(release).unfit.at("call_rcu_fentry"), HasSubstr("the kernel has no BPF helper bpf_"));
            old++;
        }
    EXPECT_GT(old, 0u);
}

} // namespace
} // namespace rcuscope::test
