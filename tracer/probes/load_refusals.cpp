// SPDX-License-Identifier: BSD-2-Clause
#include "probes/load_refusals.hpp"

#include <cerrno>
#include <charconv>
#include <optional>

#include "base/text.hpp"

namespace rcuscope {

namespace {

constexpr std::string_view before_event = "trace_kprobe: Failed to re-register probe ";
constexpr std::string_view before_module = " on ";
constexpr std::string_view before_error = ": -";

std::optional<SiteEvent> event_named(const KernelName& group, std::string_view name) {
    for (const SiteEvent event : all_site_events)
        if (name == event_name(group, event))
            return event;
    return std::nullopt;
}

// The hook, and the start of a text on what the recording lacks of it.
MissingInfo lacking(SiteEvent event) {
    switch (event) {
    case SiteEvent::returns:
    case SiteEvent::leaves:
        return {"module.functions", "returns from a function"};
    case SiteEvent::jumps:
        return {"module.jumps", "jumps to call_rcu() or a function like it"};
    case SiteEvent::sites:
        break;
    }
    return {"module.readers", "calls of a function, or begins or ends of a section"};
}

std::string why(int error) {
    // can_probe() in arch/x86/kernel/kprobes/core.c decodes the function from its start. For each instruction with a
    // kprobe it restores the original, even if the kprobe is of a module that was unloaded
    // (recover_probed_instruction()).
    const std::string refused = "the kernel refused the probe when the module was loaded";
    if (error == EILSEQ)
        return refused + ", because it found no instruction there: it took the remains of a probe in an unloaded "
                         "module at that address for a probe in this module";
    return refused + " (" + errno_text(error) + ")";
}

} // namespace

void LoadRefusals::take(std::string_view message) {
    if (!message.starts_with(before_event))
        return;
    message.remove_prefix(before_event.size());
    // Neither name contains a space.
    const auto event_end = message.find(before_module);
    const auto module_end = message.rfind(before_error);
    if (event_end == std::string_view::npos || module_end == std::string_view::npos || module_end <= event_end)
        return;
    const auto event = event_named(group_, message.substr(0, event_end));
    const auto module_begin = event_end + before_module.size();
    const std::string_view number = message.substr(module_end + before_error.size());
    int error = 0;
    if (!event || module_begin >= module_end ||
        std::from_chars(number.data(), number.data() + number.size(), error).ec != std::errc())
        return;
    counts_[{std::string(message.substr(module_begin, module_end - module_begin)), *event, error}]++;
}

std::vector<MissingInfo> LoadRefusals::missing() const {
    std::vector<MissingInfo> all;
    for (const auto& [refusal, count] : counts_) {
        MissingInfo lacks = lacking(refusal.event);
        lacks.why += " at " + std::to_string(count) + (count == 1 ? " place" : " places") + " of " + refusal.module +
                     ": " + why(refusal.error);
        all.push_back(std::move(lacks));
    }
    return all;
}

} // namespace rcuscope
