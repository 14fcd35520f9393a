// SPDX-License-Identifier: BSD-2-Clause
#include "record/read_sites.hpp"

#include <gtest/gtest.h>

#include "growth.hpp"

namespace rcuscope::test {
namespace {

constexpr std::uint64_t text_base = 0xffffffffc0000000;

// Each function has 16 bytes, a lock at +5 and an unlock at +9.
Metadata metadata(std::size_t functions, bool own_sections = false) {
    Metadata metadata;
    ModuleInfo module{.name = "demo"};
    for (std::size_t i = 0; i < functions; i++) {
        const std::string name = "function_" + std::to_string(i);
        if (own_sections)
            module.functions.push_back({name, ".text." + name, 0, 16});
        else
            module.functions.push_back({name, ".text", 16 * i, 16});
        metadata.sites.push_back({SiteKind::read_lock, "demo", name, 5});
        metadata.sites.push_back({SiteKind::read_unlock, "demo", name, 9});
    }
    metadata.modules.push_back(std::move(module));
    return metadata;
}

TEST(ReadSites, AreKnownWhereTheModuleLies) {
    const Metadata two = metadata(2);
    ReadSites sites(two);
    EXPECT_EQ(sites.enters({.address = text_base + 5}), std::nullopt);
    sites.placed({"other", ".text", text_base});
    sites.placed({"demo", ".init.text", text_base});
    EXPECT_EQ(sites.enters({.address = text_base + 5}), std::nullopt);
    sites.placed({"demo", ".text", text_base});
    EXPECT_EQ(sites.enters({.address = text_base + 5}), true);
    EXPECT_EQ(sites.enters({.address = text_base + 16 + 9}), false);
    EXPECT_EQ(sites.enters({.address = text_base + 6}), std::nullopt);
}

TEST(ReadSites, TimeGrowsAsTheModuleDoes) {
    EXPECT_LT(growth(
                  500,
                  [](std::size_t functions) {
                      ReadSites sites(metadata(functions));
                      sites.placed({"demo", ".text", text_base});
                      ASSERT_EQ(sites.enters({.address = text_base + 16 * (functions - 1) + 5}), true);
                  }),
              far_from_linear);
}

TEST(ReadSites, AreForgottenWhereTheModuleWasBefore) {
    const Metadata two = metadata(2);
    ReadSites sites(two);
    sites.placed({"demo", ".text", text_base});
    sites.laid_out({event::ModuleStep::coming, "other", 0, 0, 0});
    EXPECT_EQ(sites.enters({.address = text_base + 5}), true);
    sites.laid_out({event::ModuleStep::coming, "demo", 0, 0, 0});
    EXPECT_EQ(sites.enters({.address = text_base + 5}), std::nullopt);
    sites.placed({"demo", ".text", 2 * text_base});
    EXPECT_EQ(sites.enters({.address = 2 * text_base + 5}), true);
    EXPECT_EQ(sites.enters({.address = text_base + 16 + 9}), std::nullopt);
}

// Sections as -ffunction-sections generates them.
TEST(ReadSites, TimeGrowsAsTheSectionsDo) {
    EXPECT_LT(growth(
                  500,
                  [](std::size_t functions) {
                      ReadSites sites(metadata(functions, true));
                      for (std::size_t i = 0; i < functions; i++)
                          sites.placed({"demo", ".text.function_" + std::to_string(i), text_base + 16 * i});
                      ASSERT_EQ(sites.enters({.address = text_base + 16 * (functions - 1) + 5}), true);
                  }),
              far_from_linear);
}

} // namespace
} // namespace rcuscope::test
