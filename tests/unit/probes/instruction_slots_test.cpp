// SPDX-License-Identifier: BSD-2-Clause
#include "probes/instruction_slots.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <list>
#include <sstream>
#include <vector>

#include "base/file.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;

std::string functions_numbered(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; i++)
        text += "f" + std::to_string(i) + "\n";
    return text;
}

// A model of the kernel's pages of slots (__get_insn_slot() and collect_one_slot() in kernel/kprobes.c).
class SlotPages {
public:
    static constexpr std::size_t page = 256;
    enum class User { nobody, others, filler, keeper, module };

    explicit SlotPages(std::size_t of_others) {
        for (std::size_t i = 0; i < of_others; i++)
            take(User::others);
    }

    void take(User user) {
        for (auto& each : pages_)
            if (const auto free = std::find(each.begin(), each.end(), User::nobody); free != each.end()) {
                *free = user;
                return;
            }
        pages_.emplace_front(page, User::nobody).front() = user;
    }

    // Returns how many grace periods the kernel waits for.
    std::size_t free_slots_of(User user) {
        std::size_t waits = 0;
        for (auto each = pages_.begin(); each != pages_.end();) {
            const bool any = std::find(each->begin(), each->end(), user) != each->end();
            std::replace(each->begin(), each->end(), user, User::nobody);
            const bool empty = std::all_of(each->begin(), each->end(), [](User one) { return one == User::nobody; });
            const bool freed = any && empty && pages_.size() > 1;
            waits += freed ? 1U : 0U;
            each = freed ? pages_.erase(each) : std::next(each);
        }
        return waits;
    }

private:
    std::list<std::vector<User>> pages_; // the newest first
};

// Loads and unloads a module; returns how many grace periods the kernel waits for.
std::size_t live(SlotPages& pages, std::size_t sites) {
    for (std::size_t i = 0; i < sites; i++)
        pages.take(SlotPages::User::module);
    return pages.free_slots_of(SlotPages::User::module);
}

TEST(SlotsToReserve, AllIfThereAreManySections) {
    PlacedSites placed;
    placed.slots = 320;
    placed.sites.assign(100, {SiteKind::read_lock, "demo", "demo_read", 5});
    placed.sites.insert(placed.sites.end(), 100, {SiteKind::read_unlock, "demo", "demo_read", 5});
    placed.sites.insert(placed.sites.end(), 100, {SiteKind::function_entry, "demo", "demo_read", 0});
    EXPECT_EQ(slots_to_reserve(placed), 0u);
    placed.sites.push_back({SiteKind::read_lock, "demo", "demo_read", 9});
    EXPECT_EQ(slots_to_reserve(placed), 320u);
}

TEST(FillSlots, NoPageBecomesEmptyWhenTheModuleGoes) {
    for (const std::size_t sites : {1U, 255U, 256U, 257U, 300U, 1024U})
        for (const std::size_t of_others : {0U, 1U, 127U, 128U, 129U, 200U, 254U, 255U, 256U, 400U}) {
            SlotPages pages(of_others);
            std::istringstream functions(functions_numbered(sites + sites / between_keepers + 2));
            const std::size_t fillers = fill_slots(functions, sites, [&](const KprobePlace&, SlotUse use) {
                pages.take(use == SlotUse::keeper ? SlotPages::User::keeper : SlotPages::User::filler);
                return true;
            });
            ASSERT_EQ(fillers, sites);
            pages.free_slots_of(SlotPages::User::filler);
            for (int lives = 0; lives < 3; lives++)
                ASSERT_EQ(live(pages, sites), 0u) << sites << " sites, and " << of_others << " slots of others";
        }
}

TEST(FillSlots, WithoutItEachPageButOneBecomesEmpty) {
    SlotPages pages(0);
    EXPECT_EQ(live(pages, 1024), 3u);
}

TEST(FillSlots, FewSlotsStayInUse) {
    std::size_t keepers = 0;
    std::istringstream functions(functions_numbered(2000));
    fill_slots(functions, 1024, [&](const KprobePlace&, SlotUse use) {
        keepers += use == SlotUse::keeper ? 1U : 0U;
        return true;
    });
    EXPECT_EQ(keepers, 10u);
}

TEST(FillSlots, TriesTheInstructionAfterFtraceWithAndWithoutEndbr) {
    std::vector<std::string> tried;
    std::istringstream functions("plain\nin_module [demo]\nendbr\nendbr_too\nblacklisted\nplain_too\n");
    const std::size_t fillers = fill_slots(functions, 100, [&](const KprobePlace& place, SlotUse) {
        const std::string& name = place.function.text();
        EXPECT_FALSE(place.module);
        tried.push_back(name + "+" + std::to_string(place.offset));
        return name != "blacklisted" && (place.offset == 9) == name.starts_with("endbr");
    });
    EXPECT_THAT(tried, ElementsAre("plain+5", "endbr+5", "endbr+9", "endbr_too+9", "blacklisted+9", "blacklisted+5",
                                   "plain_too+9", "plain_too+5"));
    EXPECT_EQ(fillers, 3u) << "the first one is a keeper";
}

TEST(ReserveSlots, FillersAreRemovedAndKeepersStay) {
    const TempDir dir;
    dir.write("kprobe_events", "");
    dir.write("available_filter_functions", "a\nb.isra.0\nc\nd\ne\n");
    ASSERT_TRUE(reserve_slots(dir.path(), *KernelName::of("rcuscope_7"), 2));
    EXPECT_EQ(read_file(dir.file("kprobe_events")).value_or("unreadable"),
              "p:rcuscope_7/rcuscope_7_keepers a+0x5\n"
              "p:rcuscope_7/rcuscope_7_fillers b.isra.0+0x5\n"
              "p:rcuscope_7/rcuscope_7_fillers c+0x5\n"
              "p:rcuscope_7/rcuscope_7_keepers d+0x5\n"
              "-:rcuscope_7/rcuscope_7_fillers\n");
}

TEST(ReserveSlots, WithoutAListOfFunctionsNothingIsWritten) {
    const TempDir dir;
    dir.write("kprobe_events", "");
    ASSERT_TRUE(reserve_slots(dir.path(), *KernelName::of("rcuscope_7"), 300));
    EXPECT_EQ(read_file(dir.file("kprobe_events")).value_or("unreadable"), "");
}

} // namespace
} // namespace rcuscope::test
