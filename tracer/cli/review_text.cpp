// SPDX-License-Identifier: BSD-2-Clause
//
// The result of a review as text.
#include <algorithm>
#include <string>

#include "base/text_out.hpp"
#include "cli/review_result.hpp"

namespace rcuscope {

namespace {

std::string callback_text(const DeferredCallback& callback) {
    const std::string name = callback.function + "()";
    switch (callback.owner) {
    case CallbackOwner::core:
        return name + ", its own";
    case CallbackOwner::init:
        return name + ", its own, in init text";
    case CallbackOwner::kernel:
        return name + " of the kernel";
    case CallbackOwner::module:
        return name + " of module " + callback.module;
    case CallbackOwner::imported:
        return name + " of the kernel or of another module";
    case CallbackOwner::unknown:
        break;
    }
    return "a function that the file does not show";
}

void write_deferral(const DeferralSite& site, TextOut out) {
    out << "    " << site.called << "() at " << to_text(site.place) << (site.jump ? " (a jump)" : "");
    bool first = true;
    for (const DeferredCallback& callback : site.callbacks) {
        out << (first ? ": " : "; or ") << callback_text(callback);
        first = false;
    }
    out << "\n";
}

void write_wait(const WaitSite& wait, TextOut out) {
    out << "    " << wait.called << "() at " << to_text(wait.place) << (wait.jump ? " (a jump)" : "") << ", ";
    if (wait.waits_for == WaitsFor::other)
        out << "for an event that callbacks may signal";
    else if (wait.waits_for == WaitsFor::grace_period)
        out << "for readers only (" << to_text(wait.flavour) << ")";
    else
        out << "for callbacks (" << to_text(wait.flavour) << ")";
    if (!wait.ends_in.empty() && wait.waits_for != WaitsFor::other)
        out << " by " << wait.ends_in;
    if (!wait.condition.empty())
        out << " " << wait.condition;
    else
        out << (wait.certain ? ", on every path" : ", on some path");
    out << "\n";
}

void write_way(const ReachedWaits& way, const char* what, TextOut out) {
    out << "  " << what << " " << way.function << (way.waits.empty() ? "() has no wait" : "() waits") << "\n";
    for (const WaitSite& wait : way.waits)
        write_wait(wait, out);
    if (way.indirect > 0)
        out << "    unknown: " << way.indirect << (way.indirect == 1 ? " call" : " calls") << " through a pointer ("
            << way.indirect_example << ")\n";
}

void write_finding(const Finding& finding, TextOut out) {
    out << "  " << to_text(finding.kind) << ", "
        << (finding.sureness == Confidence::cannot_tell ? "cannot be told from the file" : to_text(finding.sureness))
        << ": " << finding.what << "\n"
        << "    " << (finding.sureness == Confidence::cannot_tell ? "why undecided: " : "why: ") << finding.why << "\n";
    if (!finding.remedy.empty() && finding.sureness != Confidence::cannot_tell)
        out << "    remedy: " << finding.remedy << "\n";
}

bool has_something_to_say(const ModuleReading& module) {
    return !module.deferrals.empty() || !module.findings.empty();
}

void write_module(const ModuleReading& module, TextOut out) {
    out << module.name << " (" << module.path << ", for kernel " << module.release << ")\n";
    if (!module.unloadable)
        out << "  it cannot be unloaded: it has no exit function, or its kernel cannot unload modules\n";
    if (!module.deferrals.empty())
        out << "  defers work\n";
    else
        out << "  defers no work\n";
    for (const DeferralSite& site : module.deferrals)
        write_deferral(site, out);
    if (!module.exit.function.empty())
        write_way(module.exit, "exit function", out);
    if (!module.init.function.empty() && !module.init.waits.empty())
        write_way(module.init, "init function, with its error paths,", out);
    if (!module.not_followed.empty()) {
        out << "  not followed by a recording:";
        for (std::size_t i = 0; i < module.not_followed.size(); i++)
            out << (i > 0 ? ", " : " ") << module.not_followed[i] << "()";
        out << "\n";
    }
    for (const Finding& finding : module.findings)
        write_finding(finding, out);
    if (module.findings.empty())
        out << "  findings: none\n";
    out << "\n";
}

} // namespace

std::size_t ReviewResult::count(Confidence sureness) const {
    std::size_t count = 0;
    for (const ModuleReading& module : modules)
        count += static_cast<std::size_t>(
            std::count_if(module.findings.begin(), module.findings.end(),
                          [&](const Finding& finding) { return finding.sureness == sureness; }));
    return count;
}

void write_review_text(const ReviewResult& result, std::ostream& stream) {
    TextOut out(stream);
    std::size_t quiet = 0;
    for (const ModuleReading& module : result.modules)
        if (result.one_asked || has_something_to_say(module))
            write_module(module, out);
        else
            quiet++;
    for (const UnreadModule& unread : result.unread)
        out << "not read: " << unread.path << ": " << unread.why << "\n";
    if (result.one_asked)
        return;
    out << result.modules.size() << " modules, of which " << quiet << " defer no work and have no finding\n"
        << "findings: " << result.count(Confidence::shown) << " shown, " << result.count(Confidence::likely)
        << " likely, " << result.count(Confidence::cannot_tell) << " that cannot be told from the file\n";
}

} // namespace rcuscope
