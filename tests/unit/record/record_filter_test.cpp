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
    explicit Taking(TriggerWatch* triggers = nullptr)
        : record_filter(SymbolCollector(Kallsyms::parse(""), dir.write("kallsyms", "")), UnloadWatch({"demo"}, false),
                        triggers, window_start) {
        record_filter.unloads().begins(0, demo_base, 0x1000);
    }

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
    RecordFilter record_filter;
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
    EXPECT_THAT(taking.record_filter.new_hazards(window_start + 14), ElementsAre(HasSubstr("(CPU 0: 3; ")));
}

TEST(RecordFilter, TriggersGetTheWindowsEventsAndTheHazards) {
    TriggerWatch triggers({{.kind = TriggerKind::callback, .limit = 50}, {.kind = TriggerKind::hazard}}, Metadata{});
    Taking taking(&triggers);
    taking.queues(window_start - 1);
    EXPECT_EQ(taking.kept(), 0);
    triggers.look(window_start + 99, 0);
    EXPECT_THAT(triggers.fired(), IsEmpty());
    taking.queues(window_start + 100);
    taking.queues(window_start + 101);
    EXPECT_EQ(taking.kept(), 2);
    triggers.look(window_start + 160, 2);
    ASSERT_EQ(triggers.fired().size(), 1);
    EXPECT_EQ(triggers.fired()[0].began_ns, window_start + 100);
    taking.frees(window_start + 161, 2);
    EXPECT_EQ(taking.kept(), 1);
    const auto hazards = taking.record_filter.new_hazards(window_start + 170);
    ASSERT_EQ(hazards.size(), 1);
    ASSERT_EQ(triggers.fired().size(), 2);
    EXPECT_EQ(triggers.fired()[1].trigger, 1);
    EXPECT_EQ(triggers.fired()[1].said, hazards[0]);
    EXPECT_EQ(triggers.fired()[1].fired_ns, window_start + 170);
}

// The file of a trigger may be finished at any time, so it gets each name before the records that need it.
TEST(RecordFilter, WithTriggersNamesAreReadAtOnce) {
    constexpr std::uint64_t new_code = 0xffffffffc0200000;
    for (const bool with_triggers : {false, true}) {
        TriggerWatch triggers({}, Metadata{});
        Taking taking(with_triggers ? &triggers : nullptr);
        taking.dir.write("kallsyms", "ffffffffc0200000 t new_function\t[newer]\n");
        rs_module loaded{header_of(RS_MODULE, window_start, RS_MODULE_COMING), new_code, 0x1000, 0, {}};
        std::string_view("newer").copy(loaded.name, sizeof loaded.name - 1);
        taking.sends(bytes_of(loaded));
        taking.sends(bytes_of(rs_cb_queued{header_of(RS_CB_QUEUED, window_start + 1), 1, new_code, 0}));
        EXPECT_EQ(taking.kept(), 2);
        const auto names = taking.record_filter.new_names();
        EXPECT_EQ(names.size(), with_triggers ? 1 : 0);
        EXPECT_EQ(taking.record_filter.symbols().reads(), !with_triggers);
    }
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
