// SPDX-License-Identifier: BSD-2-Clause
#include "review/reading.hpp"

#include <array>
#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"

namespace rcuscope {

namespace {

template <typename Value, std::size_t count>
using Names = std::array<std::pair<Value, std::string_view>, count>;

constexpr Names<Flavour, 8> flavours{{{Flavour::rcu, "rcu"},
                                      {Flavour::kfree_rcu, "kfree-rcu"},
                                      {Flavour::srcu, "srcu"},
                                      {Flavour::tasks, "rcu-tasks"},
                                      {Flavour::tasks_rude, "rcu-tasks-rude"},
                                      {Flavour::tasks_trace, "rcu-tasks-trace"},
                                      {Flavour::rcu_work, "rcu-work"},
                                      {Flavour::percpu_ref, "percpu-ref"}}};
constexpr Names<CallbackOwner, 6> owners{{{CallbackOwner::core, "core"},
                                          {CallbackOwner::init, "init"},
                                          {CallbackOwner::kernel, "kernel"},
                                          {CallbackOwner::module, "module"},
                                          {CallbackOwner::imported, "imported"},
                                          {CallbackOwner::unknown, "unknown"}}};
constexpr Names<WaitsFor, 3> wait_names{
    {{WaitsFor::callbacks, "callbacks"}, {WaitsFor::grace_period, "grace-period"}, {WaitsFor::other, "other"}}};
constexpr Names<FindingKind, 6> kinds{{{FindingKind::no_barrier, "no-barrier"},
                                       {FindingKind::wrong_barrier, "wrong-barrier"},
                                       {FindingKind::barrier_too_early, "barrier-too-early"},
                                       {FindingKind::cache_destroyed_before_barrier, "cache-destroyed-before-barrier"},
                                       {FindingKind::callback_in_init_text, "callback-in-init-text"},
                                       {FindingKind::lock_without_unlock, "lock-without-unlock"}}};
constexpr Names<Confidence, 3> sure{
    {{Confidence::shown, "shown"}, {Confidence::likely, "likely"}, {Confidence::cannot_tell, "cannot-tell"}}};

template <typename Value, std::size_t count>
std::string_view name_of(const Names<Value, count>& names, Value value) {
    for (const auto& [known, name] : names)
        if (known == value)
            return name;
    return "unknown";
}

template <typename Value, std::size_t count>
std::optional<Value> value_of(const Names<Value, count>& names, std::string_view text) {
    for (const auto& [value, name] : names)
        if (name == text)
            return value;
    return std::nullopt;
}

} // namespace

std::string_view to_text(Flavour flavour) {
    return name_of(flavours, flavour);
}

std::string_view barrier_of(Flavour flavour) {
    switch (flavour) {
    case Flavour::srcu:
        return "srcu_barrier()";
    case Flavour::tasks:
        return "rcu_barrier_tasks()";
    case Flavour::tasks_rude:
        return "rcu_barrier_tasks_rude()";
    case Flavour::tasks_trace:
        return "rcu_barrier_tasks_trace()";
    case Flavour::rcu_work:
        return "flush_rcu_work()";
    case Flavour::kfree_rcu:
        return "kvfree_rcu_barrier()";
    case Flavour::rcu:
    case Flavour::percpu_ref:
        break;
    }
    return "rcu_barrier()";
}

std::string_view to_text(CallbackOwner owner) {
    return name_of(owners, owner);
}

std::string_view to_text(WaitsFor what) {
    return name_of(wait_names, what);
}

std::string_view to_text(FindingKind kind) {
    return name_of(kinds, kind);
}

std::string_view to_text(Confidence sureness) {
    return name_of(sure, sureness);
}

std::optional<FindingKind> finding_kind_from(std::string_view text) {
    return value_of(kinds, text);
}

std::optional<Confidence> sureness_from(std::string_view text) {
    return value_of(sure, text);
}

std::string to_text(const CodePosition& place) {
    std::string text = (place.function.empty() ? place.section : place.function) + "+" + hex(place.offset);
    if (!place.file.empty())
        text += " (" + base_name(place.file) + (place.line ? ":" + std::to_string(place.line) : "") + ")";
    return text;
}

} // namespace rcuscope
