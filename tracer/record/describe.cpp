// SPDX-License-Identifier: BSD-2-Clause
#include "record/describe.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"
#include "probes/sites.hpp"

namespace rcuscope {

namespace {

// `waits`: nullptr if they are not known.
ModuleInfo module_info(const ModuleFile& file, const OtherWaits* waits) {
    ModuleInfo info{.name = file.name,
                    .file = base_name(file.path),
                    .build_id = file.build_id,
                    .init_function = file.init_function,
                    .exit_function = file.exit_function,
                    .functions = {},
                    .not_followed = file.not_followed};
    for (const KoFunction& function : file.functions)
        info.functions.push_back({function.name, function.section, function.offset, function.size});
    auto& sections = info.sections.emplace();
    for (const ModuleFile::CodeSection& section : file.code_sections)
        sections.push_back({section.name, section.size});
    if (waits && !waits->sleeps_in.empty())
        info.exit_waits_in = waits->sleeps_in;
    if (waits && !waits->polls_with.empty())
        info.exit_polls_with = waits->polls_with;
    if (waits)
        info.wakers = waits->wakers;
    auto& jumps = info.jumps.emplace();
    for (const KoJump& jump : file.jumps)
        if (!jump.function.empty())
            jumps.push_back({jump.function, jump.offset, jump.target});
    return info;
}

void describe_hooks(Metadata& metadata, const AttachPlan& plan) {
    for (const PlannedHook& planned : plan.hooks) {
        const std::string hook(planned.hook->name);
        if (planned.missing())
            metadata.missing.push_back({hook, std::string(planned.hook->without) + ": " + planned.why});
        if (!planned.taken)
            continue;
        std::string functions;
        for (const Program& program : planned.taken->programs)
            if (functions.find(program.place()) == std::string::npos)
                functions += (functions.empty() ? "" : ", ") + std::string(program.place());
        metadata.probes.push_back({hook, std::string(to_text(planned.taken->way)), functions});
    }
    // bpf/missed_kprobes.h reports the gaps that it detects as losses. This entry names the others.
    if (plan.takes_way(Way::kprobe))
        metadata.missing.push_back(
            {"kprobe", std::string("callbacks that an interrupt queues while a kprobe's program runs") +
                           (plan.takes("callback.invoked", Way::kprobe)
                                ? ", and batches in such an interrupt while no followed callback is pending"
                                : "") +
                           ": the kernel skips kprobes there; the other ways have no such gap"});
}

void describe_modules(Metadata& metadata, const RecordRequest& request) {
    for (const ModuleFile& module : request.modules) {
        metadata.followed.push_back(module.name);
        const auto waits = request.other_waits.find(module.name);
        metadata.modules.push_back(module_info(module, waits == request.other_waits.end() ? nullptr : &waits->second));
        if (module.unusable_sites)
            metadata.missing.push_back(
                {"module.readers", std::to_string(module.unusable_sites) + " places of " + module.name +
                                       " that open or close a section cannot be probed, such as " +
                                       module.unusable_example});
        for (const UnseenFunction& unseen : module.unseen_readers)
            metadata.missing.push_back(
                {"module.readers", "read-side sections of " + module.name + ":" + unseen.name + ": " + unseen.why});
    }
}

// A jump in the exit function needs no probe: the delete_module() system call that runs it identifies the caller.
void describe_jumps(Metadata& metadata, const RecordRequest& request) {
    for (const ModuleFile& module : request.modules)
        for (const KoJump& jump : module.jumps)
            if (!jump.why_unseen.empty() && (jump.function.empty() || jump.function != module.exit_function))
                metadata.missing.push_back(
                    {"module.jumps", "the jump of " + module.name + ":" +
                                         (jump.function.empty() ? "a function" : jump.function) + "+" +
                                         hex(jump.offset) + " to " + jump.target +
                                         "(), whose caller is therefore unknown: " + jump.why_unseen});
}

// Groups functions by the reason why their calls are not seen. Nearly every module has some that are notrace.
class UnseenByReason {
public:
    void add(const std::string& function, const std::string& why) {
        const auto same = [&](const Group& group) { return group.why == why; };
        auto group = std::find_if(groups_.begin(), groups_.end(), same);
        if (group == groups_.end())
            group = groups_.insert(groups_.end(), {why, {}});
        group->functions.push_back(function);
    }

    // Calls take() once for each reason, such as take("a:one, a:two and 3 more", "__exit implies it").
    template <typename Take>
    void for_each(Take take) const {
        constexpr std::size_t limit = 6;
        for (const Group& group : groups_) {
            std::string names;
            for (std::size_t i = 0; i < std::min(limit, group.functions.size()); i++)
                names += (i == 0 ? "" : ", ") + group.functions[i];
            if (group.functions.size() > limit)
                names += " and " + std::to_string(group.functions.size() - limit) + " more";
            take(names, group.why);
        }
    }

private:
    struct Group {
        std::string why;
        std::vector<std::string> functions;
    };
    std::vector<Group> groups_; // rarely more than three
};

// Adds one line for all notrace functions, and one line for each other reason.
void describe_unseen(Metadata& metadata, const char* hook, const std::string& what,
                     const std::vector<std::pair<std::string, UnseenFunction>>& functions) {
    UnseenByReason notrace;
    UnseenByReason others;
    for (const auto& [module, unseen] : functions)
        if (unseen.notrace)
            notrace.add(module + ":" + unseen.name, unseen.notrace);
        else
            others.add(module + ":" + unseen.name, unseen.why);
    others.for_each([&](const std::string& names, const std::string& why) {
        metadata.missing.push_back({hook, what + names + ": " + why});
    });
    std::string text;
    notrace.for_each([&](const std::string& names, const std::string& why) {
        text += (text.empty() ? "" : "; ") + names + " (" + why + ")";
    });
    if (!text.empty())
        metadata.missing.push_back({hook, what + "functions that are notrace: " + text});
}

void describe_functions(Metadata& metadata, const RecordRequest& request) {
    std::vector<std::pair<std::string, UnseenFunction>> calls;
    std::vector<std::pair<std::string, UnseenFunction>> sections;
    for (const ModuleFile& module : request.modules) {
        for (UnseenFunction& unseen : unseen_functions(module, request.functions))
            calls.emplace_back(module.name, std::move(unseen));
        for (UnseenFunction& unseen : unseen_functions(module, readers_of(request.reader_functions, module.name)))
            sections.emplace_back(module.name, std::move(unseen));
    }
    describe_unseen(metadata, "module.functions", "calls of ", calls);
    describe_unseen(metadata, "module.readers", "read-side sections at calls of ", sections);
}

} // namespace

void describe(Metadata& metadata, const RecordRequest& request, const AttachPlan& plan) {
    metadata.command = request.command;
    metadata.all_callbacks = request.all_callbacks;
    describe_hooks(metadata, plan);
    describe_modules(metadata, request);
    if (plan.takes("module.jumps"))
        describe_jumps(metadata, request);
    if (plan.takes("module.functions"))
        describe_functions(metadata, request);
}

} // namespace rcuscope
