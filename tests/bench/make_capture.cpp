// SPDX-License-Identifier: BSD-2-Clause
//
// Writes a capture of any size that resembles one of the module rcu_load: each CPU queues callbacks, invokes them in
// one batch a grace period later, and then reuses their memory.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "capture/writer.hpp"
#include "wire.h"

namespace {

using namespace rcuscope;

constexpr std::uint32_t cpus = 4;
constexpr std::uint64_t period_ns = 4'000'000; // from the end of one grace period to the end of the next
constexpr std::uint64_t per_period = 1000;     // callbacks queued on each CPU
constexpr std::uint64_t code = 0xffffffffc0a00000;

constexpr std::array<std::uint64_t, 3> functions{code + 0x100, code + 0x200, code + 0x300};
constexpr std::array<std::uint64_t, 4> callers{code + 0x412, code + 0x431, code + 0x518, code + 0x61c};

class Load {
public:
    Load(CaptureWriter& writer, std::uint64_t events) : writer_(writer), wanted_(events) {}

    Status write() {
        for (std::uint32_t cpu = 0; cpu < cpus; cpu++) {
            rs_task task{};
            std::snprintf(task.comm, sizeof task.comm, "rcu_load/%u", cpu);
            task.tgid = 800 + cpu;
            put(cpu, now_, RS_TASK, task, 0);
        }
        while (events_ < wanted_ && status_)
            period();
        return status_;
    }

    std::uint64_t end() const { return now_; }
    std::uint64_t events() const { return events_; }

private:
    struct Queued {
        std::uint64_t head = 0;
        std::uint64_t function = 0;
    };
    struct Cpu {
        std::vector<std::uint64_t> free; // heads; the one freed last is reused first
        std::vector<Queued> waiting;     // not assigned to a grace period yet
        std::vector<Queued> assigned;    // assigned to the grace period in progress
        std::uint64_t heads = 0;
    };

    template <typename Record>
    void put(std::uint32_t cpu, std::uint64_t ns, rs_u16 kind, Record record, rs_u16 aux) {
        record.h.ns = ns;
        record.h.tid = 800 + cpu;
        record.h.kind = kind;
        record.h.aux = aux;
        events_++;
        if (status_)
            status_ = writer_.record(cpu, std::as_bytes(std::span(&record, 1)));
    }

    // The end of one grace period, the start of the next, and the work that they trigger on each CPU.
    void period() {
        const std::uint64_t running = (counter_ << 2) | 1;
        put(0, now_, RS_GP_END, rs_gp{.h = {}, .gp_seq = running}, 0);
        put(0, now_ + 2000, RS_GP_CLEANED, rs_gp{.h = {}, .gp_seq = running}, 0);
        counter_++;
        const std::uint64_t next = (counter_ << 2) | 1;
        put(0, now_ + 4000, RS_GP_START, rs_gp_start{.h = {}, .gp_seq = next, .since_ns = now_ + 3500}, 0);
        for (std::uint32_t cpu = 0; cpu < cpus; cpu++)
            on_cpu(cpu, next);
        now_ += period_ns;
    }

    void on_cpu(std::uint32_t number, std::uint64_t gp_seq) {
        Cpu& cpu = cpus_[number];
        std::uint64_t at = now_ + 10'000 + std::uint64_t{number} * 700;
        put(number, at, RS_CB_ASSIGNED, rs_cb_assigned{.h = {}, .gp_seq = (counter_ + 1) << 2, .list_cpu = number}, 0);
        const std::vector<Queued> ready = std::exchange(cpu.assigned, std::exchange(cpu.waiting, {}));
        if (!ready.empty())
            invoke(number, ready, at += 1000);
        // Real CPUs also queue callbacks while a batch runs; here they do so after it.
        const std::uint64_t step = (now_ + period_ns - 20'000 - at) / per_period;
        for (std::uint64_t i = 0; i < per_period; i++) {
            at += step / 2 + random_() % step / 2 + 1;
            if (cpu.free.empty())
                cpu.free.push_back(0xffff888000000000 + (std::uint64_t{number} << 32) + 256 * cpu.heads++);
            const Queued one{.head = cpu.free.back(), .function = functions[random_() % functions.size()]};
            cpu.free.pop_back();
            cpu.waiting.push_back(one);
            put(number, at, RS_CB_QUEUED,
                rs_cb_queued{
                    .h = {}, .head = one.head, .func = one.function, .caller = callers[random_() % callers.size()]},
                0);
            if (i == per_period / 2) {
                put(number, ++at, RS_GP_QUIESCENT,
                    rs_gp_quiescent{.h = {}, .gp_seq = gp_seq, .mask = rs_u64{1} << number, .left = 0}, RS_QS_SELF);
            }
        }
    }

    void invoke(std::uint32_t number, const std::vector<Queued>& ready, std::uint64_t& at) {
        put(number, at, RS_BATCH_BEGIN, rs_batch{.h = {}, .list_cpu = number}, 0);
        std::uint64_t before = 0;
        for (const Queued& one : ready) {
            at += 300 + random_() % 200;
            if (before == 0) {
                put(number, at, RS_CB_INVOKED, rs_cb{.h = {}, .head = one.head, .func = one.function}, 0);
            } else {
                put(number, at, RS_CB_NEXT, rs_cb_next{.h = {}, .head = one.head, .func = one.function, .done = before},
                    0);
            }
            before = one.head;
            cpus_[number].free.push_back(one.head);
        }
        put(number, at += 400, RS_CB_DONE, rs_cb_done{.h = {}, .head = before}, 0);
        put(number, at += 200, RS_BATCH_END, rs_batch{.h = {}, .list_cpu = number}, 0);
    }

    CaptureWriter& writer_;
    std::uint64_t wanted_;
    std::uint64_t events_ = 0;
    std::uint64_t now_ = 1'000'000'000;
    std::uint64_t counter_ = 25;
    std::array<Cpu, cpus> cpus_;
    std::minstd_rand random_;
    Status status_;
};

Metadata metadata() {
    Metadata metadata;
    metadata.tool_version = "make_capture";
    metadata.host = {.kernel = "6.1.0-25-amd64",
                     .machine = "x86_64",
                     .cpus = cpus,
                     .hz = 250,
                     .preempt_rcu = false,
                     .rcu_trace = false,
                     .clock = "boottime"};
    metadata.start_ns = 999'000'000;
    metadata.command = {"insmod", "rcu_load.ko"};
    metadata.followed = {"rcu_load"};
    for (const char* hook : {"gp.start", "gp.end", "callback.queued", "callback.assigned", "callback.invoked"})
        metadata.probes.push_back({.hook = hook, .via = "fentry", .symbol = hook});
    return metadata;
}

std::vector<SymbolInfo> symbols() {
    std::vector<SymbolInfo> symbols;
    for (std::size_t i = 0; i < functions.size(); i++)
        symbols.push_back({functions[i], "load_free_" + std::to_string(i), 0, "rcu_load"});
    for (const std::uint64_t caller : callers)
        symbols.push_back({caller, "load_writer_" + std::to_string(caller >> 8 & 0xf), caller & 0xff, "rcu_load"});
    return symbols;
}

int write_capture(const std::string& path, std::uint64_t events) {
    auto writer = OutputTarget::resolve(path).and_then(
        [](OutputTarget target) { return CaptureWriter::create({std::move(target)}, metadata()); });
    Status status = writer ? writer->symbols(symbols()) : Status(tl::unexpected(writer.error()));
    if (status) {
        Load load(*writer, events);
        status = load.write();
        if (status) {
            status = writer->finish({.end_ns = load.end(), .reason = "command ended", .command_status = 0});
            std::cout << load.events() << " events, " << writer->bytes_written() << " bytes\n";
        }
    }
    if (!status) {
        std::cerr << "make_capture: " << status.error().what << ": " << status.error().why << "\n";
        return 2;
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    const std::uint64_t events = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
    if (events == 0) {
        std::cerr << "usage: make_capture FILE.rcu EVENTS\n";
        return 2;
    }
    return write_capture(argv[1], events);
}
