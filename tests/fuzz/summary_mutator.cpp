// SPDX-License-Identifier: BSD-2-Clause
#include "summary_mutator.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include "capture/format.hpp"

namespace rcuscope::fuzz {

namespace {

class SummaryMutator {
public:
    SummaryMutator(Digest& summary, std::minstd_rand& random) : summary_(summary), random_(random) {}

    void change() {
        switch (random_() % 8) {
        case 0:
            summary_.recorded = duration();
            summary_.lost = number();
            summary_.complete = !summary_.complete;
            break;
        case 1:
            change_host();
            break;
        case 2:
            add_grace_period();
            break;
        case 3:
            add_function();
            break;
        case 4:
            change_texts();
            break;
        case 5:
            change_hazards();
            break;
        case 6: // removes something that was not recorded
            summary_.durations.erase(summary_.durations.contains("reader") ? "reader" : "wait.rcu_barrier");
            break;
        default:
            for (const char* name : {"reader", "wait.synchronize_rcu", "wait.rcu_barrier"})
                summary_.durations[name].add(duration(), count());
            break;
        }
    }

private:
    template <typename Value, std::size_t size>
    const Value& one_of(const std::array<Value, size>& values) {
        return values[random_() % size];
    }
    std::uint64_t number() {
        constexpr std::array<std::uint64_t, 7> numbers{
            0, 1, 1000, 0x7fffffff, 0xffffffff, 0x7fffffffffffffff, std::numeric_limits<std::uint64_t>::max()};
        return one_of(numbers);
    }
    // Small enough that sums of them do not overflow.
    std::uint64_t count() { return number() >> 8; }
    Nanoseconds duration() { return static_cast<Nanoseconds>(number() >> 1); }
    const std::string& text() {
        static const std::array<std::string, 8> texts{"",
                                                      "x\033[2J\007",
                                                      "<script>x</script>",
                                                      "@name | `x`",
                                                      "a\nb\r\n# c",
                                                      "\u202e\u2028",
                                                      std::string(5000, 'w'),
                                                      "%s%n"};
        return one_of(texts);
    }

    void change_host() {
        HostInfo& host = summary_.host;
        host.kernel = text();
        host.cpus = static_cast<std::uint32_t>(random_() % (max_cpus + 1));
        host.hz = static_cast<std::uint32_t>(number());
        host.preempt_rcu = !host.preempt_rcu;
        host.settings[host_settings[random_() % host_settings.size()].name] = text();
    }
    void add_grace_period() {
        const Nanoseconds took = duration();
        summary_.durations[random_() % 2 == 0 ? "gp" : "gp.expedited"].add(took);
        summary_.longest.push_back({took, text()});
        summary_.keep_longest();
    }
    // Callbacks that have run, that have not run, and with unknown outcome.
    void add_function() {
        Digest::Function row{.module = text(), .function = text(), .latency = {}};
        const Nanoseconds took = duration();
        row.invoked = count();
        row.pending = count();
        row.unknown = count();
        row.queued = row.invoked + row.pending + row.unknown;
        row.latency.add(took, row.invoked);
        summary_.durations["callback.latency"].add(took, row.invoked);
        summary_.counts["callbacks.queued"] += row.queued;
        summary_.counts["callbacks.pending"] += row.pending;
        summary_.counts["callbacks.unknown"] += row.unknown;
        summary_.functions.push_back(std::move(row));
    }
    void change_texts() {
        summary_.tool_version = text();
        for (Digest::Function& row : summary_.functions)
            row.function = text();
        for (Digest::Held& held : summary_.longest)
            held.text = text();
    }
    void change_hazards() {
        std::uint64_t all = 0;
        for (const char* name : {"hazards.fatal", "hazards.latent", "hazards.warning"})
            all += summary_.counts[name] = count();
        summary_.counts["hazards"] = all;
    }

    Digest& summary_;
    std::minstd_rand& random_;
};

} // namespace

void change_summary(Digest& summary, std::minstd_rand& random) {
    SummaryMutator(summary, random).change();
}

} // namespace rcuscope::fuzz
