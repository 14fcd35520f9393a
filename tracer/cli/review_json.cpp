// SPDX-License-Identifier: BSD-2-Clause
//
// The result of a review as JSON; docs/review.schema.json describes it.
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/json_text.hpp"
#include "cli/review_result.hpp"

namespace rcuscope {

namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

Json place_json(const CodePosition& place) {
    return {{"function", text_or_null(place.function)},
            {"section", place.section},
            {"offset", place.offset},
            {"file", text_or_null(place.file)},
            {"line", place.line == 0 ? Json() : Json(place.line)}};
}

Json deferral_json(const DeferralSite& site) {
    Json callbacks = Json::array();
    for (const DeferredCallback& callback : site.callbacks)
        callbacks.push_back({{"owner", to_text(callback.owner)},
                             {"function", text_or_null(callback.function)},
                             {"module", text_or_null(callback.module)}});
    return {{"called", site.called},
            {"flavour", to_text(site.flavour)},
            {"jump", site.jump},
            {"place", place_json(site.place)},
            {"callbacks", std::move(callbacks)}};
}

Json way_json(const ReachedWaits& way) {
    if (way.function.empty())
        return {};
    Json waits = Json::array();
    for (const WaitSite& wait : way.waits)
        waits.push_back({{"called", wait.called},
                         {"waits_for", to_text(wait.waits_for)},
                         {"flavour", wait.waits_for == WaitsFor::other ? Json() : Json(to_text(wait.flavour))},
                         {"certain", wait.certain},
                         {"jump", wait.jump},
                         {"ends_in", text_or_null(wait.ends_in)},
                         {"condition", text_or_null(wait.condition)},
                         {"place", place_json(wait.place)}});
    return {{"function", way.function},
            {"waits", std::move(waits)},
            {"indirect_calls", way.indirect},
            {"indirect_example", text_or_null(way.indirect_example)}};
}

Json finding_json(const Finding& finding) {
    return {{"kind", to_text(finding.kind)},
            {"sureness", to_text(finding.sureness)},
            {"what", finding.what},
            {"why", finding.why},
            {"remedy", text_or_null(finding.remedy)},
            {"place", place_json(finding.place)}};
}

Json module_json(const ModuleReading& module) {
    Json deferrals = Json::array();
    for (const DeferralSite& site : module.deferrals)
        deferrals.push_back(deferral_json(site));
    Json findings = Json::array();
    for (const Finding& finding : module.findings)
        findings.push_back(finding_json(finding));
    return {{"name", module.name},
            {"path", module.path},
            {"release", module.release},
            {"unloadable", module.unloadable},
            {"deferrals", std::move(deferrals)},
            {"exit", way_json(module.exit)},
            {"init", way_json(module.init)},
            {"not_followed", module.not_followed},
            {"findings", std::move(findings)}};
}

// Writes an array with one element a line, because there may be thousands of modules.
template <typename Element, typename ToJson>
void write_array(std::ostream& out, const char* name, const std::vector<Element>& elements, ToJson to_json) {
    out << ",\n  \"" << name << "\": [";
    const char* between = "\n    ";
    for (const Element& element : elements) {
        out << between << JsonText(to_json(element)).text();
        between = ",\n    ";
    }
    out << (elements.empty() ? "]" : "\n  ]");
}

} // namespace

void write_review_json(const ReviewResult& result, std::ostream& out) {
    out << "{\n  \"schema\": \"rcuscope.review/1\"";
    out << ",\n  \"findings\": "
        << JsonText(Json{{"shown", result.count(Confidence::shown)},
                         {"likely", result.count(Confidence::likely)},
                         {"cannot_tell", result.count(Confidence::cannot_tell)}})
               .text();
    write_array(out, "modules", result.modules, module_json);
    write_array(out, "unread", result.unread, [](const UnreadModule& unread) {
        return Json{{"path", unread.path}, {"why", unread.why}};
    });
    out << "\n}\n";
}

} // namespace rcuscope
