// SPDX-License-Identifier: BSD-2-Clause
//
// Tests SpillVector, a list that spills to a file.
#include "base/spill_vector.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <random>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limit_error.hpp"
#include "base/temporary_file.hpp"
#include "spill_limits.hpp"
#include "temp_dir.hpp"

namespace rcuscope {
namespace {

struct Row {
    std::uint64_t key = 0;
    std::uint64_t order = 0;
    std::uint64_t more[5] = {}; // some rows lie across the border of two chunks
};

bool by_key(const Row& a, const Row& b) {
    return a.key < b.key;
}

// Resident bytes of mapped files, as the kernel counts them.
std::size_t resident_file_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        if (word == "RssFile:" || word == "RssShmem:") {
            static std::size_t sum;
            std::size_t kib = 0;
            status >> kib;
            sum = word == "RssFile:" ? kib : sum + kib;
            if (word == "RssShmem:")
                return sum << 10;
        }
    }
    return 0;
}

TEST(SpillVector, IsAListLikeAnyOther) {
    SpillVector<int> list{3, 1, 2};
    list.push_back(5);
    list.push_back(4);
    EXPECT_EQ(list.size(), 5U);
    EXPECT_EQ(list.front(), 3);
    EXPECT_EQ(list.back(), 4);
    EXPECT_EQ(list.at(3), 5);
    EXPECT_THROW(list.at(5), std::out_of_range);
    list.pop_back();
    list.sort(std::less<>());
    EXPECT_TRUE(std::equal(list.begin(), list.end(), std::begin({1, 2, 3, 5})));
    EXPECT_EQ(*std::lower_bound(list.begin(), list.end(), 3), 3);
    const SpillVector<int> copy = list;
    list.clear();
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(copy.size(), 4U);
    EXPECT_FALSE(copy.in_file());
}

TEST(SpillVector, GoesIntoAFileWhereTheBudgetEnds) {
    const test::SpillLimitsGuard limits(1 << 20, 2 << 20);
    SpillVector<Row> list;
    for (std::uint64_t i = 0; i < 200'000; i++) {
        list.push_back({.key = i, .order = i});
        list[i / 2].order++; // an evicted row is loaded again, and can be changed
    }
    EXPECT_TRUE(list.in_file());
    std::uint64_t wrong = 0;
    for (std::uint64_t i = 0; i < list.size(); i++)
        wrong += list[i].key != i || list[i].order != i + (i < 100'000 ? 2U : 0U) ? 1U : 0U;
    EXPECT_EQ(wrong, 0U);
}

TEST(SpillVector, LittleOfItIsResident) {
    const test::SpillLimitsGuard limits(1 << 20, 4 << 20);
    constexpr std::uint64_t rows = 1'500'000; // more than the initial address range of a file
    const std::size_t before = resident_file_bytes();
    SpillVector<Row> list;
    std::size_t limit = 0;
    for (std::uint64_t i = 0; i < rows; i++) {
        list.push_back({.key = i});
        if (i % 50'000 == 0)
            limit = std::max(limit, resident_file_bytes());
    }
    std::uint64_t sum = 0;
    for (const Row& row : list) {
        sum += row.key;
        if (row.key % 50'000 == 0)
            limit = std::max(limit, resident_file_bytes());
    }
    EXPECT_EQ(sum, rows * (rows - 1) / 2);
    EXPECT_GT(list.size() * sizeof(Row), 75U << 20);
    EXPECT_LT(limit, before + (8U << 20));
}

TEST(SpillVector, IsSortedStablyWhereverItLies) {
    for (const std::size_t heap : {std::size_t{1} << 30, std::size_t{1} << 20}) {
        const test::SpillLimitsGuard limits(heap, 4 << 20);
        std::minstd_rand random;
        SpillVector<Row> list;
        for (std::uint64_t i = 0; i < 700'000; i++)
            list.push_back({.key = random() % 1000, .order = i});
        EXPECT_EQ(list.in_file(), heap == 1U << 20);
        list.sort(by_key);
        EXPECT_EQ(list.size(), 700'000U);
        EXPECT_TRUE(std::is_sorted(list.begin(), list.end(), [](const Row& a, const Row& b) {
            return a.key != b.key ? a.key < b.key : a.order < b.order;
        }));
    }
}

TEST(SpillVector, SomeOfItLieTogether) {
    const test::SpillLimitsGuard limits(1 << 20, 4 << 20);
    SpillVector<std::uint64_t> list;
    for (std::uint64_t i = 0; i < 1'000'000; i++)
        list.push_back(i);
    const auto range = list.range(131'000, 200'000);
    ASSERT_EQ(range.size(), 200'000U);
    EXPECT_EQ(range.front(), 131'000U);
    EXPECT_EQ(range.back(), 330'999U);
    EXPECT_TRUE(list.range(0, 0).empty());
}

// Restores TMPDIR at the end of the test.
class TmpdirAsItWas {
public:
    TmpdirAsItWas() {
        if (const char* named = std::getenv("TMPDIR"))
            before_ = named;
    }
    TmpdirAsItWas(const TmpdirAsItWas&) = delete;
    TmpdirAsItWas& operator=(const TmpdirAsItWas&) = delete;
    ~TmpdirAsItWas() { before_ ? ::setenv("TMPDIR", before_->c_str(), 1) : ::unsetenv("TMPDIR"); }

private:
    std::optional<std::string> before_;
};

TEST(SpillVector, LeavesNothingBehind) {
    const test::TempDir dir;
    const test::SpillLimitsGuard limits(0, 2 << 20);
    const TmpdirAsItWas tmpdir;
    ::setenv("TMPDIR", dir.path().c_str(), 1);
    SpillVector<Row> list;
    list.resize(100'000);
    EXPECT_TRUE(list.in_file());
    EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(TemporaryFile, GoesWhereFilesCanBeMade) {
    const TmpdirAsItWas tmpdir;
    ::setenv("TMPDIR", "/named", 1);
    EXPECT_EQ(temporary_folder({"/nowhere", "/tmp"}), "/named") << "that it is not there is the user's to know";
    ::setenv("TMPDIR", "", 1);
    EXPECT_EQ(temporary_folder({"/nowhere", "/tmp"}), "/tmp");
    ::unsetenv("TMPDIR");
    EXPECT_EQ(temporary_folder({"/", "/tmp"}), "/");
    EXPECT_EQ(temporary_folder({"/nowhere", "/neither"}), "/neither");
}

TEST(SpillVector, AFullDiskIsAnErrorThatSaysWhatToDo) {
    const test::SpillLimitsGuard limits(0, 2 << 20);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit little{.rlim_cur = 4 << 20, .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &little);
    const auto old = std::signal(SIGXFSZ, SIG_IGN);
    SpillVector<Row> list;
    try {
        list.resize(1'000'000);
        ADD_FAILURE() << "it grew";
    } catch (const LimitError& error) {
        EXPECT_EQ(error.error().code, ExitCode::cannot_write);
        EXPECT_NE(error.error().hint.find("TMPDIR"), std::string::npos);
    }
    std::signal(SIGXFSZ, old);
    ::setrlimit(RLIMIT_FSIZE, &before);
}

} // namespace
} // namespace rcuscope
