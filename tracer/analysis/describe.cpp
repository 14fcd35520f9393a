// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/describe.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace rcuscope {

namespace {

std::string function_name(const CodeLocation& place) {
    return place.module + ":" + place.function;
}

// "a, b and c"; if `more` words are not shown, "a, b and 3 more".
std::string enumerate(const std::vector<std::string>& words, std::size_t more) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); i++) {
        const bool last = i + 1 == words.size() && more == 0;
        text += i == 0 ? "" : last ? " and " : ", ";
        text += words[i];
    }
    return more == 0 ? text : text + " and " + std::to_string(more) + " more";
}

// Sorted by count, greatest first, then by name.
template <typename Group>
std::vector<std::pair<std::string, Group>> by_frequency(const std::map<std::string, Group>& groups) {
    std::vector<std::pair<std::string, Group>> sorted(groups.begin(), groups.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
    return sorted;
}

struct Frequency {
    std::size_t count = 0;
};

struct Origin {
    std::size_t count = 0;
    std::set<std::uint32_t> cpus;
    std::vector<std::string> comms;       // of tasks that queued callbacks, also where the context is not known
    std::vector<std::string> in_softirqs; // of tasks that a softirq interrupted
    std::vector<std::string> in_hardirqs; // of tasks that a hardirq interrupted

    void add(std::uint32_t cpu, const std::string& comm, QueueContext in) {
        count++;
        cpus.insert(cpu);
        (in == QueueContext::softirq ? in_softirqs : in == QueueContext::hardirq ? in_hardirqs : comms).push_back(comm);
    }
};

std::string cpus_text(const std::set<std::uint32_t>& cpus) {
    constexpr std::size_t shown = 4;
    if (cpus.size() > shown)
        return std::to_string(cpus.size()) + " CPUs";
    std::vector<std::string> numbers;
    numbers.reserve(cpus.size());
    for (const std::uint32_t cpu : cpus)
        numbers.push_back(std::to_string(cpu));
    return (cpus.size() == 1 ? "CPU " : "CPUs ") + enumerate(numbers, 0);
}

std::string tasks_text(std::vector<std::string> comms, const char* one_task, const char* several) {
    constexpr std::size_t shown = 2;
    std::erase(comms, std::string());
    if (comms.empty())
        return {};
    const bool one = std::equal(comms.begin() + 1, comms.end(), comms.begin());
    return (one ? one_task : several) + max_frequent(comms, shown);
}

// "(CPU 0, task writer)"
std::string origin_text(const std::string& place, const Origin& origin) {
    constexpr const char* softirq = ", in an interrupt (softirq) over ";
    constexpr const char* hardirq = ", in an interrupt (hardirq) over ";
    return place + " (" + cpus_text(origin.cpus) + tasks_text(origin.comms, ", task ", ", tasks ") +
           tasks_text(origin.in_softirqs, softirq, softirq) + tasks_text(origin.in_hardirqs, hardirq, hardirq) + ")";
}

} // namespace

std::string counted(std::uint64_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string max_frequent(const std::vector<std::string>& names, std::size_t shown) {
    std::map<std::string, Frequency> groups;
    for (const std::string& name : names)
        groups[name].count++;
    std::vector<std::string> words;
    for (const auto& [name, frequency] : by_frequency(groups))
        if (words.size() < shown)
            words.push_back(name);
    const std::size_t more = groups.size() - words.size();
    return enumerate(words, more);
}

std::string functions_of(const std::vector<const Callback*>& callbacks) {
    std::vector<std::string> names;
    names.reserve(callbacks.size());
    for (const Callback* callback : callbacks)
        names.push_back(function_name(callback->function));
    return max_frequent(names, 3);
}

std::string origin_of(const CodeLocation& caller) {
    return caller.function.empty() ? "at an unknown location" : "in " + location_name(caller, true);
}

std::string origins_of(const std::vector<const Callback*>& callbacks) {
    constexpr std::size_t shown = 2;
    std::map<std::string, Origin> origins;
    for (const Callback* callback : callbacks)
        origins[origin_of(callback->caller)].add(callback->queued_cpu, callback->queued_comm, callback->queued_in);
    std::vector<std::string> words;
    for (const auto& [place, origin] : by_frequency(origins))
        if (words.size() < shown)
            words.push_back(origin_text(place, origin));
    return enumerate(words, origins.size() - words.size());
}

std::string origin_of(const CodeLocation& caller, std::uint32_t cpu, const std::string& comm, QueueContext in) {
    Origin origin;
    origin.add(cpu, comm, in);
    return origin_text(origin_of(caller), origin);
}

std::string off_cpu_text(const PreemptedReader& reader) {
    return std::string(reader.on_lock ? "waited for a sleeping lock" : "was preempted") +
           " within a read-side section" + (reader.boosted ? ", and RCU had raised its priority" : "");
}

std::string queued_by(const std::string& comm, QueueContext in) {
    return in == QueueContext::softirq   ? "an interrupt (softirq) over " + comm
           : in == QueueContext::hardirq ? "an interrupt (hardirq) over " + comm
                                         : "task " + comm;
}

std::vector<std::uint32_t> ids_of(const std::vector<const Callback*>& callbacks) {
    std::vector<std::uint32_t> ids;
    ids.reserve(callbacks.size());
    for (const Callback* callback : callbacks)
        ids.push_back(callback->id);
    return ids;
}

} // namespace rcuscope
