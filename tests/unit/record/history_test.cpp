// SPDX-License-Identifier: BSD-2-Clause
#include "record/history.hpp"

#include <cstring>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "capture/reader.hpp"
#include "wire.h"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class HistoryTest : public testing::Test {
protected:
    ~HistoryTest() override { std::filesystem::remove(path); }

    template <typename Record>
    void put(std::uint32_t cpu, const Record& record) {
        history.record(cpu, std::as_bytes(std::span(&record, 1)));
    }
    void invoked(std::uint32_t cpu, std::uint64_t ns, std::uint64_t head = 1, std::uint32_t tid = 9) {
        put(cpu, rs_cb{{ns, tid, RS_CB_INVOKED, 0}, head, 2});
    }
    void task(std::uint32_t cpu, std::uint64_t ns, std::uint32_t tid, const char* comm) {
        rs_task record{{ns, tid, RS_TASK, 0}, tid, 0, {}};
        std::strncpy(record.comm, comm, sizeof(record.comm) - 1);
        put(cpu, record);
    }
    void module(std::uint32_t cpu, std::uint64_t ns, rs_module_step step) {
        rs_module record{{ns, 9, RS_MODULE, static_cast<rs_u16>(step)}, 0x1000, 16, 0, {}};
        std::strcpy(record.name, "demo");
        put(cpu, record);
    }
    void lost(std::uint32_t cpu, std::uint64_t ns, std::uint64_t total) {
        put(cpu, rs_lost{{ns, 9, RS_LOST, 0}, total, ns, ns});
    }
    std::vector<Event> written(std::uint64_t since) {
        Metadata metadata;
        metadata.host.cpus = 2;
        auto writer = CaptureWriter::create({*OutputTarget::resolve(path)}, metadata);
        EXPECT_TRUE(writer && history.write(*writer, since) && writer->finish({}));
        auto reader = CaptureReader::open(path);
        std::vector<Event> events;
        EXPECT_TRUE(reader && reader->for_each_event([&](const Event& event) { events.push_back(event); }));
        symbols = reader->symbols();
        return events;
    }
    std::vector<std::uint64_t> times(std::uint64_t since) {
        std::vector<std::uint64_t> all;
        for (const Event& event : written(since))
            all.push_back(event.ns);
        return all;
    }

    std::string path = testing::TempDir() + "history." + std::to_string(::getpid()) + ".rcu";
    History history{2, 0}; // two blocks per CPU
    std::vector<SymbolInfo> symbols;
};

TEST_F(HistoryTest, HoldsWhatIsAskedForAndNoMore) {
    invoked(0, 10);
    invoked(1, 20);
    invoked(0, 30);
    EXPECT_THAT(times(0), ElementsAre(10, 20, 30));
    EXPECT_THAT(times(20), ElementsAre(20, 30));
    history.forget_before(25);
    EXPECT_EQ(history.whole_since(), 21U) << "CPU 0's block goes on to 30";
    EXPECT_THAT(times(21), ElementsAre(30));
}

TEST_F(HistoryTest, IsBoundedAndSaysWhatIsLeft) {
    constexpr std::uint64_t many = 100'000;
    for (std::uint64_t ns = 1; ns <= many; ns++)
        invoked(ns % 2, ns);
    EXPECT_EQ(history.bytes(), 4 * History::block_bytes);
    EXPECT_GT(history.whole_since(), many / 2);
    const auto left = times(history.whole_since());
    ASSERT_EQ(left.size(), many + 1 - history.whole_since()) << "every record since then";
    EXPECT_EQ(left.back(), many);
}

TEST_F(HistoryTest, ACpuThatIsQuietKeepsItsOwn) {
    invoked(1, 1);
    for (std::uint64_t ns = 2; ns <= 100'000; ns++)
        invoked(0, ns);
    EXPECT_EQ(history.bytes(), 4 * History::block_bytes);
    EXPECT_EQ(times(0).front(), 1U);
}

TEST_F(HistoryTest, NamesOutlastTheirRecords) {
    task(0, 10, 7, "old");
    task(1, 20, 7, "new");
    history.symbols(std::vector<SymbolInfo>{{0x1000, "first", 0, ""}});
    history.symbols(std::vector<SymbolInfo>{{0x1000, "second", 0, ""}});
    history.forget_before(100);
    invoked(0, 200, 1, 7);
    const auto events = written(150);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(std::get<event::Task>(events[0].body).comm, "new");
    ASSERT_EQ(symbols.size(), 1U);
    EXPECT_EQ(symbols[0].name, "second");
}

TEST_F(HistoryTest, KeepsTheNamesThatAnAddressHadSinceItsOldestRecord) {
    invoked(0, 10);
    for (const std::uint64_t since : {0UL, 20UL, 30UL})
        history.symbols(std::vector<SymbolInfo>{{0x1000, "since " + std::to_string(since), 0, "m", since}});
    EXPECT_EQ(written(0).size(), 1U);
    EXPECT_EQ(symbols.size(), 3U);
    invoked(0, 25);
    history.forget_before(26);
    history.symbols(std::vector<SymbolInfo>{{0x1000, "since 40", 0, "m", 40}});
    EXPECT_EQ(written(26).size(), 0U);
    ASSERT_EQ(symbols.size(), 3U) << "of what was before 26 the last one, and what came after";
    EXPECT_EQ(symbols[0].name, "since 20");
}

TEST_F(HistoryTest, AModulesLifeOutlastsItsRecords) {
    module(0, 10, RS_MODULE_COMING);
    module(1, 20, RS_MODULE_LIVE);
    history.forget_before(100);
    EXPECT_THAT(times(100), ElementsAre(10, 20));
    module(1, 110, RS_MODULE_FREEING);
    module(0, 120, RS_MODULE_FREED);
    EXPECT_THAT(times(100), ElementsAre(10, 20, 110, 120));
    history.forget_before(130);
    EXPECT_THAT(times(130), IsEmpty()) << "it is over";
    module(0, 140, RS_MODULE_COMING);
    history.forget_before(150);
    EXPECT_THAT(times(150), ElementsAre(140)) << "a new one, and nothing of the old one";
}

TEST_F(HistoryTest, OfLossesBeforeTheLastCountIsLeft) {
    lost(0, 10, 3);
    lost(0, 20, 5);
    lost(0, 200, 9);
    const auto events = written(100);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(std::get<event::Lost>(events[0].body).total, 5U);
    EXPECT_EQ(std::get<event::Lost>(events[1].body).total, 9U);
}

TEST_F(HistoryTest, NamesAreCountedAndMakeBlocksGiveWay) {
    constexpr std::uint64_t limit = 4u << 20;
    History bounded(2, limit);
    const auto put_in = [&](const auto& record) { bounded.record(0, std::as_bytes(std::span(&record, 1))); };
    std::uint64_t ns = 1;
    for (std::uint32_t tid = 1; tid < 200'000; tid++) {
        put_in(rs_task{{ns++, tid, RS_TASK, 0}, tid, 0, "x"});
        put_in(rs_cb{{ns++, tid, RS_CB_INVOKED, 0}, 1, 2});
        const SymbolInfo symbol{tid, "a_function_of_some_length", 0, "a_module"};
        if (tid < 5'000)
            bounded.symbols(std::span(&symbol, 1));
    }
    EXPECT_GE(bounded.bytes(), 2'000'000u) << "the names alone take as much";
    EXPECT_LE(bounded.bytes(), PersistentFacts::tasks_kept * 1024);
    const std::uint64_t whole = bounded.whole_since();
    EXPECT_LT(ns - whole, 4 * History::block_bytes / sizeof(rs_cb) * 2) << "names take no room of the records'";
}

TEST_F(HistoryTest, TheNewestSymbolsAreKept) {
    std::vector<SymbolInfo> given(1);
    for (std::uint64_t address = 1; address <= 2 * History::symbols_kept + 1; address++) {
        given[0] = {address, "f", 0, ""};
        history.symbols(given);
        if (address % 100 == 0) { // a symbol that is given repeatedly
            given[0] = {7, "seven", 0, ""};
            history.symbols(given);
        }
    }
    (void)written(0);
    EXPECT_GE(symbols.size(), History::symbols_kept);
    EXPECT_LE(symbols.size(), History::symbols_kept + 2);
    EXPECT_EQ(symbols.front().name, "seven");
    EXPECT_EQ(symbols.back().address, 2 * History::symbols_kept + 1);
}

// A user who may unload modules can ask for any name. This must not displace the module that is loaded.
TEST(LastingFactsTest, NamesThatAreNoModulesAreForgotten) {
    PersistentFacts facts;
    const auto take = [&](std::uint64_t ns, rs_module_step step, const std::string& name) {
        rs_module record{{ns, 9, RS_MODULE, static_cast<rs_u16>(step)}, 0, 0, 0, {}};
        name.copy(record.name, sizeof(record.name) - 1);
        facts.take(0, std::as_bytes(std::span(&record, 1)));
    };
    take(1, RS_MODULE_COMING, "demo");
    take(2, RS_MODULE_LIVE, "demo");
    const std::uint64_t before = facts.bytes();
    for (std::uint64_t ns = 10; ns < 100'000; ns += 4) {
        const std::string name = "none" + std::to_string(ns);
        take(ns, RS_MODULE_REFUSED, name);
        take(ns + 1, RS_MODULE_COMING, name + "x");
        take(ns + 2, RS_MODULE_FREED, name + "x");
    }
    EXPECT_LE(facts.modules(), 2 * PersistentFacts::modules_kept);
    EXPECT_LE(facts.bytes(), before + 4 * PersistentFacts::modules_kept * 500);
    EXPECT_GT(facts.bytes(), before);

    const std::string path = testing::TempDir() + "lasting." + std::to_string(::getpid()) + ".rcu";
    Metadata metadata;
    metadata.host.cpus = 1;
    auto writer = CaptureWriter::create({*OutputTarget::resolve(path)}, metadata);
    ASSERT_TRUE(writer && facts.write(*writer) && writer->finish({}));
    auto reader = CaptureReader::open(path);
    std::size_t of_demo = 0;
    EXPECT_TRUE(reader && reader->for_each_event([&](const Event& event) {
        const auto* module = std::get_if<event::Module>(&event.body);
        of_demo += module && module->name == "demo";
    }));
    std::filesystem::remove(path);
    EXPECT_EQ(of_demo, 2u);
}

TEST(LastingFactsTest, TasksThatWereLongNotSeenAreForgotten) {
    PersistentFacts facts;
    const auto take = [&](const auto& record) { facts.take(0, std::as_bytes(std::span(&record, 1))); };
    for (std::uint32_t tid = 1; tid <= 2 * PersistentFacts::tasks_kept; tid++) {
        take(rs_task{{tid, tid, RS_TASK, 0}, tid, 0, "x"});
        take(rs_cb{{tid, 1, RS_CB_INVOKED, 0}, 1, 2}); // each time by the first task
    }
    EXPECT_EQ(facts.tasks(), 2 * PersistentFacts::tasks_kept);
    const std::uint32_t last = 2 * PersistentFacts::tasks_kept + 1;
    take(rs_task{{last, last, RS_TASK, 0}, last, 0, "x"});
    EXPECT_GE(facts.tasks(), PersistentFacts::tasks_kept);
    EXPECT_LE(facts.tasks(), PersistentFacts::tasks_kept + 2);
}

} // namespace
} // namespace rcuscope::test
