// SPDX-License-Identifier: BSD-2-Clause
#include "probes/kprobe_events.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"

namespace rcuscope {

namespace {

std::string text_of(const KprobeEvent& event) {
    return event.group.text() + "/" + event.name.text();
}

} // namespace

// A line reads "p:GROUP/NAME PLACE", for a return probe "r64:GROUP/NAME PLACE".
std::vector<KprobeEvent> KprobeEvents::of_groups(std::string_view prefix) const {
    const std::string text = read_file(path_).value_or("");
    std::vector<KprobeEvent> events;
    for (const std::string_view line : split_lines(text)) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos)
            continue;
        const std::string_view event = line.substr(colon + 1, line.find(' ') - colon - 1);
        const auto slash = event.find('/');
        if (!event.starts_with(prefix) || slash == std::string_view::npos)
            continue;
        const auto group = KernelName::of(event.substr(0, slash));
        const auto name = KernelName::of(event.substr(slash + 1));
        if (group && name)
            events.push_back({*group, *name});
    }
    std::sort(events.begin(), events.end());
    events.erase(std::unique(events.begin(), events.end()), events.end());
    return events;
}

// Writes "p:GROUP/EVENT rcucmap:cmap_get+0xc\n".
Status KprobeEvents::add(const KprobeEvent& event, const KprobePlace& place) const {
    std::string line = (place.at_return ? "r:" : "p:") + text_of(event);
    line += " " + (place.module ? place.module->text() + ":" : "") + place.function.text();
    if (place.offset)
        line += "+" + hex(place.offset);
    return write_existing(path_, line + "\n", true);
}

Status KprobeEvents::remove(const KprobeEvent& event) const {
    return write_existing(path_, "-:" + text_of(event) + "\n", true);
}

std::string KprobeEvents::removing_command(const KprobeEvent& event) const {
    return "echo '-:" + text_of(event) + "' >>" + path_;
}

} // namespace rcuscope
