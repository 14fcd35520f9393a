// SPDX-License-Identifier: BSD-2-Clause
#include "record/describe.hpp"

#include <string>

#include "base/file.hpp"
#include "probes/sites.hpp"

namespace rcuscope {

namespace {

ModuleInfo module_info(const ModuleFile& file) {
    ModuleInfo info{file.name, base_name(file.path), file.build_id, file.init_function, file.exit_function, {}};
    for (const KoFunction& function : file.functions)
        info.functions.push_back({function.name, function.section, function.offset, function.size});
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
    // bpf/skipped.h: what it can tell is told as lost.
    if (plan.takes_way(Way::kprobe))
        metadata.missing.push_back({"kprobe",
                                    "in an interrupt that comes while the program of a kprobe runs: callbacks that it "
                                    "queues, and batches while no followed callback is pending; the other ways have no "
                                    "such gap"});
}

void describe_modules(Metadata& metadata, const RecordRequest& request) {
    for (const ModuleFile& module : request.modules) {
        metadata.followed.push_back(module.name);
        metadata.modules.push_back(module_info(module));
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

void describe_functions(Metadata& metadata, const RecordRequest& request) {
    const auto add = [&](const char* hook, const char* what, const ModuleFile& module,
                         const std::vector<std::string>& patterns) {
        for (const UnseenFunction& unseen : unseen_functions(module, patterns))
            metadata.missing.push_back({hook, what + module.name + ":" + unseen.name + ": " + unseen.why});
    };
    for (const ModuleFile& module : request.modules) {
        add("module.functions", "calls of ", module, request.functions);
        add("module.readers", "sections that are calls of ", module, request.readers_of(module.name));
    }
}

} // namespace

void describe(Metadata& metadata, const RecordRequest& request, const AttachPlan& plan) {
    metadata.command = request.command;
    metadata.all_callbacks = request.all_callbacks;
    describe_hooks(metadata, plan);
    describe_modules(metadata, request);
    if (plan.takes("module.functions"))
        describe_functions(metadata, request);
}

} // namespace rcuscope
