// SPDX-License-Identifier: BSD-2-Clause
//
//   make_hostile KIND RECORDS FILE
//
// Writes a capture that no kernel would send: small, well-formed, and made to take as much time or memory as possible.
// corpus/capture has a file of each kind. Larger files show how time and memory grow.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/writer.hpp"
#include "wire.h"

namespace {

using namespace rcuscope;

constexpr std::uint64_t start = 1'000'000'000;
constexpr std::uint64_t code = 0xffffffff81000000;
constexpr std::uint64_t heap = 0xffff888000000000;
constexpr std::uint64_t site = 0xffffffffc0000000;

class Hostile {
public:
    explicit Hostile(CaptureWriter& writer) : writer_(writer) {}

    template <typename Record>
    void put(std::uint16_t kind, Record record, std::uint16_t aux = 0) {
        record.h = {.ns = now += step, .tid = tid, .kind = kind, .aux = aux};
        status = status ? writer_.record(cpu, std::as_bytes(std::span(&record, 1))) : status;
    }
    void queue(std::uint64_t head, std::uint64_t func = code, std::uint64_t caller = code) {
        put(RS_CB_QUEUED, rs_cb_queued{.h = {}, .head = head, .func = func, .caller = caller});
    }
    void invoke(std::uint64_t head, std::uint64_t func = code) {
        put(RS_CB_INVOKED, rs_cb{.h = {}, .head = head, .func = func});
        put(RS_CB_DONE, rs_cb_done{.h = {}, .head = head});
    }
    void begin(std::uint64_t gp, std::uint16_t aux = 0) {
        put(RS_GP_START, rs_gp_start{.h = {}, .gp_seq = gp << 2 | 1, .since_ns = now}, aux);
    }
    void end(std::uint64_t gp, std::uint16_t aux = 0) { put(RS_GP_END, rs_gp{.h = {}, .gp_seq = gp << 2 | 1}, aux); }
    void name_task(std::uint32_t number) {
        rs_task task{};
        std::snprintf(task.comm, sizeof task.comm, "t%x", number);
        put(RS_TASK, task);
    }
    void reach(std::uint64_t address) { put(RS_SITE, rs_site{.h = {}, .address = address}); }
    void module(std::uint16_t step_of_it, std::uint64_t number) {
        rs_module record{.h = {}, .base = site + (number << 16), .size = 4096, .ret = 0, .name = {}};
        std::snprintf(record.name, sizeof record.name, "m%llx", static_cast<unsigned long long>(number));
        put(RS_MODULE, record, step_of_it);
    }
    void place(std::uint64_t address) {
        rs_module_section section{.h = {}, .address = address, .module = "hostile", .section = ".text"};
        put(RS_MODULE_SECTION, section);
    }
    void symbols(std::span<const SymbolInfo> names) { status = status ? writer_.symbols(names) : status; }
    void flush() { status = status ? writer_.flush(false) : status; }

    std::uint64_t now = start;
    std::uint64_t step = 1;
    std::uint32_t tid = 1;
    std::uint32_t cpu = 0;
    Status status;

private:
    CaptureWriter& writer_;
};

// The inverse of 0x9e3779b97f4a7c15, a common multiplier of hash functions.
constexpr std::uint64_t unspread = 0xf1de83e19937733d;
// A growing unordered table of libstdc++ has 42,043 buckets above 20,753 elements and 85,229 above 42,043. If the hash
// is the identity, common multiples of both numbers all fall into one bucket.
constexpr std::uint64_t buckets = std::uint64_t{42'043} * 85'229;

struct Kind {
    std::string_view name;
    void (*make)(Hostile& to, std::uint64_t records);
};

constexpr Kind kinds[]{
    {"heads-collide",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++)
             to.queue((i * unspread & ((std::uint64_t{1} << 52) - 1)) << 12);
     }},
    {"heads",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++)
             to.queue(heap + i * 4096);
     }},
    {"heads-again",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++)
             to.queue(heap);
     }},
    {"callbacks",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n / 3; i++) {
             to.queue(heap + i * 64);
             to.invoke(heap + i * 64);
         }
     }},
    {"small-chunks",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++) {
             to.queue(heap);
             if (i % 25'000 == 24'999)
                 to.flush();
         }
     }},
    {"places",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++)
             to.queue(heap + i * 64, code + 2 * i, code + (std::uint64_t{1} << 32) + 2 * i);
     }},
    {"functions",
     [](Hostile& to, std::uint64_t n) {
         std::vector<SymbolInfo> names;
         for (std::uint64_t i = 0; i < n / 4; i++) {
             names.push_back({code + i * 16, "f" + std::to_string(i), 0, ""});
             if (names.size() == 10'000)
                 to.symbols(std::exchange(names, {}));
         }
         to.symbols(names);
         for (std::uint64_t i = 0; i < n / 4; i++) {
             to.queue(heap + i * 64, code + i * 16);
             to.invoke(heap + i * 64, code + i * 16);
         }
     }},
    {"symbols",
     [](Hostile& to, std::uint64_t n) {
         std::vector<SymbolInfo> names;
         for (std::uint64_t i = 0; i < n; i++) {
             names.push_back({code + i, "f", 0, ""});
             if (names.size() == 100'000)
                 to.symbols(std::exchange(names, {}));
         }
         to.symbols(names);
     }},
    {"tasks",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++) {
             to.tid = static_cast<std::uint32_t>(i + 1);
             to.name_task(to.tid);
         }
     }},
    {"waits",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++) {
             to.tid = static_cast<std::uint32_t>(i + 1);
             to.put(RS_WAIT_BEGIN, rs_wait{.h = {}, .caller = code});
         }
     }},
    {"kvfree",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++) {
             to.tid = static_cast<std::uint32_t>(i + 1);
             to.put(RS_KVFREE, rs_kvfree{.h = {}, .object = heap + i, .caller = code});
         }
     }},
    {"batches",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++) {
             to.tid = static_cast<std::uint32_t>(i % (n / 2) + 1);
             to.put(i < n / 2 ? RS_BATCH_BEGIN : RS_BATCH_END, rs_batch{.h = {}, .list_cpu = 0, .reserved = 0});
         }
     }},
    {"periods-collide",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++)
             to.end(i * buckets);
     }},
    {"periods",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++)
             to.end(i);
     }},
    {"periods-overlap",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n / 2; i++)
             to.begin(i, RS_GP_EXPEDITED);
         for (std::uint64_t i = 0; i < n / 2; i++)
             to.end(i, RS_GP_EXPEDITED);
     }},
    {"reports",
     [](Hostile& to, std::uint64_t n) {
         to.begin(1);
         for (std::uint64_t i = 0; i < n; i++)
             to.put(RS_GP_QUIESCENT,
                    rs_gp_quiescent{
                        .h = {}, .gp_seq = 5, .mask = ~rs_u64{0}, .left = ~rs_u64{0}, .first_cpu = 0, .blocked = 0},
                    RS_QS_SELF);
         to.end(1);
     }},
    // The leaf waits for one CPU until the end. For each report the reader checks whether that CPU has reported.
    {"reports-but-one",
     [](Hostile& to, std::uint64_t n) {
         to.begin(1);
         for (std::uint64_t i = 0; i < n; i++)
             to.put(RS_GP_QUIESCENT,
                    rs_gp_quiescent{.h = {},
                                    .gp_seq = 5,
                                    .mask = ~rs_u64{0} >> 1,
                                    .left = rs_u64{1} << 63,
                                    .first_cpu = 0,
                                    .blocked = 0},
                    RS_QS_SELF);
         to.end(1);
     }},
    {"reports-of-periods",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++)
             to.put(RS_GP_QUIESCENT,
                    rs_gp_quiescent{
                        .h = {}, .gp_seq = i << 2 | 1, .mask = ~rs_u64{0}, .left = 0, .first_cpu = 8000, .blocked = 0},
                    RS_QS_SELF);
     }},
    {"samples",
     [](Hostile& to, std::uint64_t n) {
         to.begin(1);
         for (std::uint64_t i = 0; i < n; i++) {
             rs_gp_sample sample{};
             sample.gp_seq = 5;
             sample.frames = RS_STACK_FRAMES;
             for (rs_u64& frame : sample.stack)
                 frame = code + i;
             to.put(RS_GP_SAMPLE, sample);
         }
         to.end(1);
     }},
    {"sections-open",
     [](Hostile& to, std::uint64_t n) {
         for (int i = 0; i < 48; i++)
             to.reach(site);
         for (std::uint64_t i = 0; i < n; i++)
             to.put(RS_SWITCH_OUT, rs_switch{.h = {}, .nesting = 1, .reserved = 0});
     }},
    {"sections",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++) {
             to.tid = static_cast<std::uint32_t>(i + 1);
             to.reach(site);
         }
     }},
    {"sections-and-periods",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n / 4; i++) {
             to.tid = static_cast<std::uint32_t>(i % 1000 + 1);
             to.reach(site);
             to.begin(i);
         }
         for (std::uint64_t i = 0; i < n / 4; i++)
             to.end(i);
     }},
    {"sites-moved",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n / 3; i++)
             to.reach(site + (std::uint64_t{1} << 32) + i);
         for (std::uint64_t i = 0; i < n / 3; i++) {
             to.place(site + (i << 12));
             to.reach(site);
         }
     }},
    {"modules",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++)
             to.module(RS_MODULE_COMING, i);
     }},
    {"module-exits",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n / 4; i++)
             to.module(RS_MODULE_UNLOADING, i);
         for (std::uint64_t i = 0; i < n / 4; i++) {
             to.put(RS_WAIT_BEGIN, rs_wait{.h = {}, .caller = 0}, RS_WAIT_RCU_BARRIER);
             to.put(RS_WAIT_END, rs_wait{.h = {}, .caller = 0}, RS_WAIT_RCU_BARRIER);
         }
         for (std::uint64_t i = 0; i < n / 4; i++)
             to.module(RS_MODULE_EXITED, i);
     }},
    {"references",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++) {
             rs_module_ref reference{.h = {}, .caller = code + i, .count = 1, .reserved = 0, .name = "hostile"};
             to.put(RS_MODULE_REF, reference, 1);
         }
     }},
    {"stacks",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n; i++) {
             rs_stack stack{};
             stack.frames = RS_STACK_FRAMES;
             for (rs_u64& frame : stack.stack)
                 frame = code + i;
             to.put(RS_STACK, stack);
             to.now--;
             to.queue(heap + i * 64, code, code + i);
         }
     }},
    {"losses",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n / 2; i++) {
             to.queue(heap + i * 64);
             to.put(RS_LOST, rs_lost{.h = {}, .total = i + 1, .from_ns = to.now, .to_ns = to.now + 1});
         }
     }},
    {"assignments",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n / 2; i++) {
             to.queue(heap + i * 64);
             to.put(RS_CB_ASSIGNED,
                    rs_cb_assigned{.h = {}, .gp_seq = i << 2, .list_cpu = 0, .reserved = 0, .bypass_ns = 0});
         }
     }},
    // Each callback waits for another expedited grace period; all of them for the same normal one.
    {"assignments-either",
     [](Hostile& to, std::uint64_t n) {
         for (std::uint64_t i = 0; i < n / 2; i++) {
             to.queue(heap + i * 64);
             to.put(RS_CB_ASSIGNED_EITHER, rs_cb_assigned_either{.h = {},
                                                                 .gp_seq = 4,
                                                                 .expedited_seq = i << 2,
                                                                 .reassigned_seq = i << 2,
                                                                 .list_cpu = 0,
                                                                 .reserved = 0,
                                                                 .bypass_ns = 0});
         }
     }},
};

Metadata metadata() {
    Metadata metadata;
    metadata.tool_version = "make_hostile";
    metadata.host = {.kernel = "6.1.0", .machine = "x86_64", .cpus = 8192, .hz = 250, .clock = "boottime"};
    metadata.start_ns = start;
    metadata.followed = {"hostile"};
    metadata.modules = {
        {.name = "hostile", .file = "hostile.ko", .build_id = {}, .functions = {{"f", ".text", 0, 16}}}};
    metadata.sites = {{.kind = SiteKind::read_lock, .module = "hostile", .function = "f", .offset = 0}};
    return metadata;
}

Status write(const std::string& path, const Kind& kind, std::uint64_t records) {
    auto writer = OutputTarget::resolve(path).and_then(
        [](OutputTarget target) { return CaptureWriter::create({std::move(target)}, metadata()); });
    if (!writer)
        return tl::unexpected(writer.error());
    Hostile to(*writer);
    to.symbols(std::vector<SymbolInfo>{{site, "f", 0, "hostile"}, {code, "callback", 0, "hostile"}});
    kind.make(to, records);
    if (!to.status)
        return to.status;
    return writer->finish({.end_ns = to.now + 1, .reason = "made up", .command_status = std::nullopt});
}

} // namespace

int main(int argc, char** argv) {
    const auto* const kind =
        argc == 4 ? std::ranges::find(kinds, std::string_view(argv[1]), &Kind::name) : std::end(kinds);
    if (kind == std::end(kinds)) {
        std::cerr << "usage: make_hostile KIND RECORDS FILE, with one of the kinds\n";
        for (const auto& [name, make] : kinds)
            std::cerr << "  " << name << "\n";
        return 2;
    }
    if (const Status status = write(argv[3], *kind, std::strtoull(argv[2], nullptr, 10)); !status) {
        std::cerr << "make_hostile: " << status.error().what << ": " << status.error().why << "\n";
        return 2;
    }
    return 0;
}
