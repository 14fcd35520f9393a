// SPDX-License-Identifier: BSD-2-Clause
//
// Writes Chrome's Trace Event Format, for viewers that cannot read Perfetto's protobuf. The tracks are those of
// tracks.hpp: a group becomes a process, a track becomes a thread of it. Times are microseconds since the start of the
// recording, with three decimals.
#include <ostream>
#include <string>

#include "base/json_lines.hpp"
#include "export/exporter.hpp"
#include "export/tracks.hpp"

namespace rcuscope {
namespace {

// "1234.567" for 1234567 ns, which must not be negative. A double would round, and a stream would follow the locale.
std::string microseconds(Nanoseconds ns) {
    std::string text = std::to_string(ns / 1000) + ".000";
    Nanoseconds rest = ns % 1000;
    for (std::size_t digit = 1; digit <= 3; ++digit, rest /= 10)
        text[text.size() - digit] = static_cast<char>('0' + rest % 10);
    return text;
}

class ChromeWriter {
public:
    ChromeWriter(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options, std::ostream& out)
        : timeline_(timeline), options_(options), out_(out), layout_(tracks::lay_out(timeline, analysis)) {}

    void write();

private:
    // Writes the members that every event has, then `rest` (members of a JSON object without its braces).
    void event(std::size_t track, const char* phase, const std::string& name, Nanoseconds at, const std::string& rest);
    void name_track(std::size_t track);
    void write_item(std::size_t track, const tracks::Item& item);
    void write_flows(std::size_t track, const tracks::Item& item);

    std::size_t process(std::size_t track) const { return layout_.tracks[track].group.value_or(track) + 1; }
    std::size_t thread(std::size_t track) const { return track + 1; }
    static std::string text(const OrderedJson& value) { return JsonText(value).text(); }

    const Timeline& timeline_;
    const ExportOptions& options_;
    std::ostream& out_;
    tracks::Layout layout_;
    std::vector<tracks::Annotation> notes_; // of the current item; a member so that its memory is reused
    bool first_ = true;
};

void ChromeWriter::event(std::size_t track, const char* phase, const std::string& name, Nanoseconds at,
                         const std::string& rest) {
    out_ << (first_ ? "\n" : ",\n");
    first_ = false;
    out_ << R"({"ph":")" << phase << R"(","name":)" << text(name) << R"(,"cat":"rcu","pid":)"
         << std::to_string(process(track)) << R"(,"tid":)" << std::to_string(thread(track)) << R"(,"ts":)"
         << microseconds(at) << rest << '}';
}

void ChromeWriter::name_track(std::size_t track) {
    const bool group = layout_.tracks[track].kind == tracks::Track::Kind::group;
    const std::string what = group ? "process" : "thread";
    const auto args = [](const char* key, const OrderedJson& value) {
        return R"(,"args":)" + text(OrderedJson::object({{key, value}}));
    };
    event(track, "M", what + "_name", 0, args("name", layout_.tracks[track].name));
    event(track, "M", what + "_sort_index", 0, args("sort_index", track));
}

// In this format the points of an arrow are separate events, which belong to the slice that encloses them ("bp":"e").
// So every item with an arrow must be a slice; call_rcu() and the end of a grace period become slices of 1 ns.
void ChromeWriter::write_item(std::size_t track, const tracks::Item& item) {
    OrderedJson args = OrderedJson::object();
    tracks::item_annotations(layout_, item, options_, notes_);
    for (const tracks::Annotation& annotation : notes_)
        std::visit([&](const auto& value) { args[annotation.name] = value; }, annotation.value);
    std::string rest;
    const bool instant = item.kind == tracks::ItemKind::hazard;
    if (instant)
        rest = R"(,"s":"t")";
    else
        rest = R"(,"dur":)" + microseconds(tracks::is_instant(item.kind) ? 1 : item.end - item.begin);
    rest += R"(,"args":)";
    rest += text(args);
    event(track, instant ? "i" : "X", tracks::item_name(layout_, item), item.begin, rest);
    write_flows(track, item);
}

void ChromeWriter::write_flows(std::size_t track, const tracks::Item& item) {
    const tracks::Flows flows = tracks::item_flows(layout_, item);
    const char* phase = flows.role == tracks::FlowRole::begin ? "s" : flows.role == tracks::FlowRole::pass ? "t" : "f";
    for (const std::uint32_t callback : flows.callbacks)
        event(track, phase, "callback", item.begin, R"(,"bp":"e","id":)" + std::to_string(callback));
}

void ChromeWriter::write() {
    out_ << R"({"displayTimeUnit":"ns","otherData":)"
         << text(OrderedJson{{"tool", "rcuscope"},
                             {"kernel", timeline_.host.kernel},
                             {"clock", timeline_.host.clock},
                             {"start_boottime_ns", timeline_.capture.start_boottime_ns}})
         << R"(,"traceEvents":[)";
    for (std::size_t track = 0; track < layout_.tracks.size(); ++track)
        name_track(track);
    for (std::size_t track = 0; track < layout_.tracks.size(); ++track) {
        for (const tracks::Item& item : layout_.tracks[track].items)
            write_item(track, item);
        for (const tracks::Point& point : layout_.tracks[track].points)
            event(track, "C", layout_.tracks[track].name, point.at,
                  R"(,"args":)" + text(OrderedJson::object({{layout_.tracks[track].counts, point.value}})));
    }
    out_ << "\n]}\n";
}

} // namespace

void write_chrome(const Timeline& timeline, const Analysis& analysis, const ExportOptions& options, std::ostream& out) {
    ChromeWriter(timeline, analysis, options, out).write();
}

} // namespace rcuscope
