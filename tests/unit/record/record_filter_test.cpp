// SPDX-License-Identifier: BSD-2-Clause
//
// Tests what the recorder reads in each record before the record goes into the file.
#include "record/record_filter.hpp"

#include <cstring>
#include <gmock/gmock.h>

#include "capture/support.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t window_start = 1000;
constexpr std::uint64_t demo_base = 0xffffffffc0100000;
constexpr std::uint64_t demo_callback = demo_base + 0x40;

struct Taking {
    Taking() { record_filter.unloads().begins(0, demo_base, 0x1000); }

    void sends(const Bytes& record) { put_in_ring(ring, record); }
    void queues(std::uint64_t ns) { sends(bytes_of(rs_cb_queued{header_of(RS_CB_QUEUED, ns), ns, demo_callback, 0})); }
    void runs(std::uint64_t ns, rs_u32 tid) {
        sends(bytes_of(rs_cb{header_of(RS_CB_INVOKED, ns, 0, tid), ns, demo_callback}));
    }
    void begins_batch(std::uint64_t ns, rs_u32 tid, rs_u32 list_cpu) {
        sends(bytes_of(rs_batch{header_of(RS_BATCH_BEGIN, ns, 0, tid), list_cpu, 0}));
    }
    void frees(std::uint64_t ns, std::uint64_t pending) {
        rs_module_pending told{header_of(RS_MODULE_PENDING, ns, RS_MODULE_FREEING), pending, "demo"};
        sends(bytes_of(told));
    }

    // The number of records since the last call that go into the file.
    std::size_t kept(std::uint32_t cpu = 0) {
        std::vector<std::span<const std::byte>> parts;
        EXPECT_EQ(record_filter.look(cpu, ring, parts), ring.size());
        std::size_t records = 0;
        for (const auto& part : parts)
            EXPECT_EQ(for_each_ring_record(part, [&](std::span<const std::byte>) { records++; }), part.size());
        ring.clear();
        return records;
    }

    TempDir dir;
    RecordFilter record_filter{SymbolCollector(Kallsyms::parse(""), dir.write("kallsyms", "")),
                               UnloadWatch({"demo"}, false), nullptr, window_start};
    Bytes ring;
};

TEST(RecordFilter, TheWindowsOwnAreForTheFile) {
    Taking taking;
    taking.queues(window_start - 1);
    taking.queues(window_start);
    taking.queues(window_start + 100);
    EXPECT_EQ(taking.kept(), 2);
    taking.record_filter.close_window(window_start + 200);
    taking.queues(window_start + 150);
    taking.queues(window_start + 250);
    taking.queues(window_start + 200);
    EXPECT_EQ(taking.kept(), 2);
}

TEST(RecordFilter, NamesOfTasksAndLossesAreKeptFromBefore) {
    Taking taking;
    taking.queues(window_start - 3);
    taking.sends(bytes_of(rs_task{header_of(RS_TASK, window_start - 2), 7, 0, "demo"}));
    taking.sends(bytes_of(rs_lost{header_of(RS_LOST, window_start - 1), 1, window_start - 1, window_start - 1}));
    taking.queues(window_start - 1);
    EXPECT_EQ(taking.kept(), 2);
}

TEST(RecordFilter, CountsWhatIsPendingOfAModuleThatGoes) {
    Taking taking;
    for (std::uint64_t i = 0; i < 5; i++)
        taking.queues(window_start + i);
    EXPECT_EQ(taking.kept(0), 5);
    // CPU 0's callbacks, offloaded to a task on CPU 1.
    taking.begins_batch(window_start + 10, 30, 0);
    taking.runs(window_start + 11, 30);
    taking.runs(window_start + 12, 30);
    taking.frees(window_start + 13, 3);
    EXPECT_EQ(taking.kept(1), 4);
    EXPECT_THAT(taking.record_filter.unloads().say(), ElementsAre(HasSubstr("(CPU 0: 3; ")));
}

// Any user can make the kernel look for a module, and the load may fail.
TEST(RecordFilter, OnlyWhatAFollowedModuleGoesThroughIsToBeOnTheDiskAtOnce) {
    Taking taking;
    const auto unloads = [&](const char* name) {
        rs_module record{header_of(RS_MODULE, window_start, RS_MODULE_UNLOADING), 0, 0, 0, {}};
        std::string_view(name).copy(record.name, sizeof record.name - 1);
        taking.sends(bytes_of(record));
        EXPECT_EQ(taking.kept(), 1);
        return taking.record_filter.must_hold();
    };
    EXPECT_FALSE(unloads("other"));
    EXPECT_TRUE(unloads("demo"));
    EXPECT_FALSE(unloads("demo2"));
}

TEST(RecordFilter, WhatCannotBeIsPassedOn) {
    Taking taking;
    taking.begins_batch(window_start, 7, 0xffffffff); // no machine has this CPU
    taking.sends(bytes_of_text("odd"));
    taking.sends(bytes_of(header_of(RS_CB_QUEUED, window_start))); // shorter than its kind
    taking.sends(bytes_of(header_of(RS_BATCH_BEGIN, window_start)));
    taking.sends(bytes_of(rs_header{window_start, 7, 999, 0})); // unknown kind
    EXPECT_EQ(taking.kept(), 5);
    EXPECT_THAT(taking.record_filter.unloads().say(), IsEmpty());
}

TEST(RecordFilter, StopsAtARecordThatIsBeingWritten) {
    Taking taking;
    taking.queues(window_start);
    const std::size_t whole = taking.ring.size();
    put_in_ring(taking.ring, cb_record(window_start, 1), false);
    std::vector<std::span<const std::byte>> parts;
    EXPECT_EQ(taking.record_filter.look(0, taking.ring, parts), whole);
}

} // namespace
} // namespace rcuscope::test
