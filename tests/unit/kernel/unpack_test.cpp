// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>

#include "base/file.hpp"
#include "kernel/module_file.hpp"
#include "kernel/packed.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

std::string sample_bytes() {
    return read_file(RCUSCOPE_SAMPLES_DIR "/sample_module.ko").value_or("");
}

std::string why_not_unpacked(const std::string& bytes) {
    const TempDir dir;
    const auto read = read_module_file(dir.write("packed.ko", bytes));
    if (read)
        return "it was read";
    EXPECT_EQ(read.error().code, ExitCode::bad_input);
    return read.error().why;
}

TEST(Unpack, ACompressedModuleIsReadAsItIs) {
    const TempDir dir;
    const std::string bytes = sample_bytes();
    const auto plain = read_module_file(dir.write("plain.ko", bytes));
    ASSERT_TRUE(plain) << plain.error().why;
    for (const auto& [name, packed] :
         {std::pair{"a.ko.xz", packed_xz(bytes)}, {"a.ko.zst", packed_zst(bytes)}, {"a.ko.gz", packed_gz(bytes)}}) {
        ASSERT_LT(packed.size(), bytes.size());
        const auto read = read_module_file(dir.write(name, packed));
        ASSERT_TRUE(read) << name << ": " << read.error().why;
        EXPECT_EQ(read->name, plain->name);
        EXPECT_EQ(read->read_sites.size(), plain->read_sites.size());
        EXPECT_EQ(read->functions.size(), plain->functions.size());
        EXPECT_FALSE(read->functions.empty());
    }
}

// Larger than the buffer of each decoder.
TEST(Unpack, ALargeOneComesOutWhole) {
    std::string bytes = sample_bytes();
    for (unsigned i = 0; bytes.size() < 1'000'000; i = i * 1664525 + 1013904223)
        bytes += static_cast<char>(i >> 24);
    const TempDir dir;
    for (const std::string& packed : {packed_xz(bytes), packed_zst(bytes), packed_gz(bytes)})
        EXPECT_TRUE(read_module_file(dir.write("large.ko", packed)));
}

TEST(Unpack, WhatBreaksOffOrIsDamagedIsSaidToBe) {
    const std::string bytes = sample_bytes();
    for (const std::string& packed : {packed_xz(bytes), packed_zst(bytes), packed_gz(bytes)}) {
        EXPECT_THAT(why_not_unpacked(packed.substr(0, packed.size() / 2)), HasSubstr("it is cut off"));
        std::string damaged = packed;
        damaged.replace(damaged.size() / 2, 16, 16, '\xff');
        EXPECT_NE(why_not_unpacked(damaged), "it was read");
    }
    EXPECT_THAT(why_not_unpacked(packed_xz("no module")), HasSubstr("it is not an ELF file"));
}

TEST(Unpack, NoFileUnpacksToFarMoreThanItsSizeExplains) {
    const std::string zeros(64U << 20, '\0');
    for (const std::string& packed : {packed_xz(zeros), packed_zst(zeros), packed_gz(zeros)})
        EXPECT_THAT(why_not_unpacked(packed), HasSubstr("more than 64 times its size"));
}

} // namespace
} // namespace rcuscope::test
