// SPDX-License-Identifier: BSD-2-Clause
#include "probes/resolver.hpp"

#include <algorithm>
#include <gmock/gmock.h>

#include "control.h"
#include "probes/summary_hooks.hpp"
#include "summary_layout.h"
// Needs the types above.
#include "rcuscope.skel.h"

namespace rcuscope::test {
namespace {

using testing::Contains;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A kernel that offers everything in the table.
KernelOffer everything() {
    KernelOffer offer;
    offer.btf = true;
    offer.btf_functions = functions_named(hook_table());
    offer.symbol_functions = offer.btf_functions;
    offer.tracepoints = tracepoints_named(hook_table());
    offer.kprobe_events = true;
    offer.preempt_rcu = true;
    return offer;
}

// Without CONFIG_RCU_TRACE, like most kernels.
KernelOffer without_rcu_trace() {
    KernelOffer offer = everything();
    offer.tracepoints = {"sched_switch", "sched_process_exit", "sched_waking", "softirq_entry", "softirq_exit"};
    return offer;
}

// Functions and tracepoints are looked up in the type information.
KernelOffer without_btf() {
    KernelOffer offer = everything();
    offer.btf = false;
    offer.btf_functions.clear();
    offer.tracepoints.clear();
    return offer;
}

const PlanRequest all_of_a_module{.via = {}, .follow_modules = true, .follow_functions = true};
const PlanRequest readers_of_a_module{.via = {}, .follow_modules = true, .follow_functions = false};

PlanRequest only(Way way) {
    return {.via = way, .follow_modules = true, .follow_functions = true};
}

AttachPlan plan(const KernelOffer& offer, const PlanRequest& request = all_of_a_module) {
    return resolve(hook_table(), offer, request);
}

PlannedHook planned(const AttachPlan& of, std::string_view name) {
    const auto found = std::find_if(of.hooks.begin(), of.hooks.end(),
                                    [&](const PlannedHook& hook) { return hook.hook->name == name; });
    EXPECT_NE(found, of.hooks.end()) << name;
    return found == of.hooks.end() ? PlannedHook{} : *found;
}

// The way by which a hook is seen; nullopt: it is not seen.
std::optional<Way> way_of(const AttachPlan& of, std::string_view name) {
    const PlannedHook hook = planned(of, name);
    return hook.taken ? std::optional(hook.taken->way) : std::nullopt;
}

TEST(Resolver, TheBestWayIsTakenForEverything) {
    for (const PlannedHook& hook : plan(everything()).hooks) {
        ASSERT_TRUE(hook.taken) << hook.hook->name;
        EXPECT_EQ(hook.taken, &hook.hook->alternatives.front()) << hook.hook->name;
        EXPECT_TRUE(hook.needed);
        EXPECT_FALSE(hook.missing());
        EXPECT_EQ(hook.why, "");
        EXPECT_THAT(hook.passed_over, IsEmpty());
    }
}

TEST(Resolver, ThePlanHasEveryHookInTheTablesOrder) {
    for (const KernelOffer& offer : {everything(), KernelOffer{}}) {
        const AttachPlan plan_here = plan(offer);
        ASSERT_EQ(plan_here.hooks.size(), hook_table().size());
        for (std::size_t i = 0; i < plan_here.hooks.size(); i++)
            EXPECT_EQ(plan_here.hooks[i].hook, &hook_table()[i]);
    }
}

TEST(Resolver, KprobesWhereTasksArePreemptedInThePrograms) {
    for (const char* model : {"full", "lazy", "rt"}) {
        KernelOffer offer = without_rcu_trace();
        offer.preemption = model;
        for (const char* name :
             {"callback.queued", "callback.queued.hurry", "callback.kvfree_rcu", "module.references"}) {
            EXPECT_EQ(way_of(plan(offer), name), Way::kprobe) << name;
            const auto passed = planned(plan(offer), name).passed_over;
            ASSERT_FALSE(passed.empty());
            EXPECT_EQ(passed.back().way, Way::fentry);
            EXPECT_THAT(passed.back().why, testing::HasSubstr(std::string("preemption: ") + model));
            EXPECT_EQ(way_of(plan(offer, only(Way::fentry)), name), Way::fentry) << "--via";
        }
        EXPECT_EQ(way_of(plan(offer), "callback.assigned"), Way::fentry) << "runs with interrupts off";
        offer.symbol_functions.erase("call_rcu");
        EXPECT_EQ(way_of(plan(offer), "callback.queued"), Way::fentry) << "better than nothing";
        offer = everything();
        offer.preemption = model;
        EXPECT_EQ(way_of(plan(offer), "callback.queued"), Way::tracepoint);
    }
    for (const char* model : {"", "none", "voluntary"}) {
        KernelOffer offer = without_rcu_trace();
        offer.preemption = model;
        EXPECT_EQ(way_of(plan(offer), "callback.queued"), Way::fentry) << model;
    }
}

TEST(Resolver, NoWayToAFunctionThatIsNotTraced) {
    KernelOffer offer = without_rcu_trace();
    offer.untraceable = {"call_rcu_hurry"};
    const PlannedHook hurry = planned(plan(offer), "callback.queued.hurry");
    EXPECT_FALSE(hurry.taken);
    EXPECT_THAT(hurry.passed_over, Contains(Field(&PassedOver::why, HasSubstr("call_rcu_hurry() cannot be traced"))));
    EXPECT_EQ(way_of(plan(offer), "callback.queued"), Way::fentry);
    offer = everything();
    offer.untraceable = {"call_rcu_hurry"};
    EXPECT_EQ(way_of(plan(offer), "callback.queued.hurry"), Way::tracepoint);
}

TEST(Resolver, WithoutBtfKprobes) {
    KernelOffer offer = without_btf();
    offer.tracepoints = without_rcu_trace().tracepoints;
    for (const PlannedHook& hook : plan(offer).hooks) {
        ASSERT_TRUE(hook.taken) << hook.hook->name;
        EXPECT_NE(hook.taken->way, Way::fentry) << hook.hook->name;
    }
    EXPECT_EQ(way_of(plan(offer), "gp.start"), Way::kprobe);
    EXPECT_EQ(way_of(plan(offer), "module.readers"), Way::tracefs_kprobe);
    EXPECT_EQ(planned(plan(offer), "gp.start").passed_over.at(1).why, "the kernel has no BTF");
}

TEST(Resolver, AFunctionThatBtfDoesNotNameIsSeenWithAKprobe) {
    KernelOffer offer = without_rcu_trace();
    offer.btf_functions.erase("rcu_cblist_dequeue");
    const AttachPlan result = plan(offer);
    const PlannedHook hook = planned(result, "callback.invoked");
    ASSERT_TRUE(hook.taken);
    EXPECT_EQ(hook.taken->way, Way::kprobe);
    ASSERT_EQ(hook.passed_over.size(), 2u);
    EXPECT_EQ(hook.passed_over[0].way, Way::tracepoint);
    EXPECT_EQ(hook.passed_over[0].why, "this kernel is built without CONFIG_RCU_TRACE");
    EXPECT_EQ(hook.passed_over[1].way, Way::fentry);
    EXPECT_EQ(hook.passed_over[1].why, "the kernel has no rcu_cblist_dequeue() in its BTF");
    EXPECT_EQ(way_of(result, "callback.queued"), Way::fentry);
}

TEST(Resolver, AWayWhoseTracepointIsNotThereIsNotTaken) {
    KernelOffer offer = without_rcu_trace();
    offer.tracepoints.erase("softirq_exit");
    const AttachPlan result = plan(offer, only(Way::kprobe));
    EXPECT_EQ(planned(result, "callback.invoked").passed_over.at(2).why, "the kernel has no tracepoint softirq_exit");
    EXPECT_TRUE(planned(result, "module.functions").missing());
    EXPECT_EQ(way_of(plan(offer), "callback.invoked"), Way::fentry);
}

TEST(Resolver, AFunctionThatIsNowhereIsMissingWithAllReasons) {
    KernelOffer offer = without_rcu_trace();
    offer.btf_functions.erase("rcu_gp_init");
    offer.symbol_functions.erase("rcu_gp_init");
    const AttachPlan result = plan(offer);
    const PlannedHook hook = planned(result, "gp.start");
    EXPECT_TRUE(hook.missing());
    EXPECT_EQ(hook.why, "tracepoint: this kernel is built without CONFIG_RCU_TRACE; "
                        "fentry: the kernel has no rcu_gp_init() in its BTF; "
                        "kprobe: the kernel has no rcu_gp_init() in kallsyms");
    EXPECT_EQ(hook.passed_over.size(), 3u);
    EXPECT_FALSE(result.takes("gp.start"));
    EXPECT_TRUE(result.takes("gp.end"));
    EXPECT_THAT(result.programs(), Not(Contains("gp_init_fentry")));
}

TEST(Resolver, AForcedWayIsTheOnlyOneLookedAt) {
    const AttachPlan result = plan(everything(), only(Way::kprobe));
    EXPECT_EQ(way_of(result, "gp.start"), Way::kprobe);
    EXPECT_EQ(planned(result, "gp.start").passed_over.at(0).why, "not selected (--via kprobe)");
    EXPECT_EQ(way_of(result, "module.readers"), Way::tracefs_kprobe); // it has no other way
    EXPECT_THAT(result.programs(), Each(Not(HasSubstr("fentry"))));
}

TEST(Resolver, WithoutRcusTracepointsFentry) {
    for (const PlannedHook& hook : plan(without_rcu_trace()).hooks)
        EXPECT_NE(hook.taken, nullptr) << hook.hook->name;
    EXPECT_EQ(way_of(plan(without_rcu_trace()), "gp.start"), Way::fentry);
    EXPECT_EQ(planned(plan(without_rcu_trace()), "gp.start").passed_over.at(0).why,
              "this kernel is built without CONFIG_RCU_TRACE");
}

TEST(Resolver, OneOfRcusTracepointsMayBeMissing) {
    KernelOffer offer = everything();
    offer.tracepoints.erase("rcu_batch_end");
    EXPECT_EQ(way_of(plan(offer), "gp.start"), Way::tracepoint);
    EXPECT_EQ(planned(plan(offer), "callback.invoked").passed_over.at(0).why,
              "the kernel has no tracepoint rcu_batch_end");
}

TEST(Resolver, WhatNoTracepointShowsIsSeenByTheBestOtherWay) {
    const AttachPlan result = plan(everything(), only(Way::tracepoint));
    EXPECT_EQ(way_of(result, "gp.start"), Way::tracepoint);
    EXPECT_EQ(way_of(result, "callback.assigned"), Way::fentry);
    EXPECT_EQ(way_of(result, "module.readers"), Way::tracefs_kprobe);
    EXPECT_TRUE(planned(plan(without_rcu_trace(), only(Way::tracepoint)), "gp.start").missing());
}

TEST(Resolver, OffloadedCallbacksAreNotSeenByTracepoints) {
    KernelOffer offer = everything();
    offer.offloads = true;
    const AttachPlan result = plan(offer);
    for (const char* name : {"callback.queued", "callback.invoked"}) {
        EXPECT_EQ(way_of(result, name), Way::fentry) << name;
        EXPECT_THAT(planned(result, name).passed_over.at(0).why, HasSubstr("rcu_nocbs"));
    }
    EXPECT_EQ(way_of(result, "gp.start"), Way::tracepoint);
}

TEST(Resolver, AForcedWayThatIsNotThereIsNotReplaced) {
    const PlannedHook hook = planned(plan(without_btf(), only(Way::fentry)), "gp.start");
    EXPECT_TRUE(hook.missing());
    EXPECT_EQ(hook.why, "tracepoint: not selected (--via fentry); fentry: the kernel has no BTF; "
                        "kprobe: not selected (--via fentry)");
}

TEST(Resolver, AFunctionOfNewerKernelsIsNotMissedOnOlderOnes) {
    KernelOffer offer = everything();
    offer.btf_functions.erase("call_rcu_hurry");
    offer.symbol_functions.erase("call_rcu_hurry");
    const PlannedHook hook = planned(plan(offer), "callback.queued.hurry");
    EXPECT_FALSE(hook.needed);
    EXPECT_FALSE(hook.missing());
    EXPECT_EQ(hook.why, "this kernel has no such function");
}

TEST(Resolver, AFunctionOfNewerKernelsThatIsThereButOutOfReachIsMissing) {
    KernelOffer offer = everything();
    offer.btf_functions.erase("call_rcu_hurry");
    EXPECT_TRUE(planned(plan(offer, only(Way::fentry)), "callback.queued.hurry").missing());
}

TEST(Resolver, WithoutPreemptRcuReadersCannotBeSeen) {
    KernelOffer offer = everything();
    offer.preempt_rcu = false;
    const AttachPlan result = plan(offer);
    EXPECT_TRUE(planned(result, "module.readers").missing());
    EXPECT_THAT(planned(result, "module.readers").why, HasSubstr("CONFIG_PREEMPT_RCU"));
    EXPECT_TRUE(result.takes("module.functions"));
    EXPECT_TRUE(result.programs().contains("site_kprobe"));
}

TEST(Resolver, WithoutKprobeEventsNoSitesOfModules) {
    KernelOffer offer = everything();
    offer.kprobe_events = false;
    const AttachPlan result = plan(offer);
    for (const char* name : {"module.readers", "module.functions"}) {
        EXPECT_TRUE(planned(result, name).missing()) << name;
        EXPECT_EQ(planned(result, name).why, "tracefs-kprobe: tracefs has no kprobe_events");
    }
    EXPECT_TRUE(result.takes("gp.start"));
}

TEST(Resolver, NobodyNeedsSitesIfNoModuleIsFollowed) {
    const AttachPlan result = plan(everything(), {});
    for (const char* name : {"module.readers", "module.functions"}) {
        EXPECT_FALSE(planned(result, name).needed);
        EXPECT_EQ(planned(result, name).why, "no module is followed");
    }
    EXPECT_THAT(result.programs(), Not(Contains("site_kprobe")));
    EXPECT_EQ(planned(plan(everything(), readers_of_a_module), "module.functions").why, "not requested");
}

TEST(Resolver, AKernelThatHasNothing) {
    const AttachPlan result = plan({});
    EXPECT_THAT(result.programs(), IsEmpty());
    for (const PlannedHook& hook : result.hooks) {
        EXPECT_EQ(hook.missing(), !hook.hook->newer_kernels_only) << hook.hook->name;
        EXPECT_NE(hook.why, "") << hook.hook->name;
    }
}

TEST(Way, FromText) {
    EXPECT_EQ(way_from_text("tracepoint").value(), Way::tracepoint);
    EXPECT_EQ(way_from_text("fentry").value(), Way::fentry);
    EXPECT_EQ(way_from_text("kprobe").value(), Way::kprobe);
    for (const char* text : {"", "Fentry", "fexit", "tracefs-kprobe"}) {
        const auto way = way_from_text(text);
        ASSERT_FALSE(way) << text;
        EXPECT_EQ(way.error().code, ExitCode::bad_input);
        EXPECT_EQ(way.error().what, "--via " + std::string(text));
        EXPECT_NE(way.error().hint, "");
    }
}

TEST(HookTable, NamesAreUnique) {
    std::set<std::string_view> names;
    for (const Hook& hook : hook_table())
        EXPECT_TRUE(names.insert(hook.name).second) << hook.name;
}

TEST(HookTable, EveryHookHasAWayAWordAndACounterOfItsOwn) {
    std::set<unsigned> counters;
    for (const Hook& hook : hook_table()) {
        EXPECT_FALSE(hook.alternatives.empty()) << hook.name;
        EXPECT_THAT(hook.alternatives, Each(Field(&Alternative::programs, Not(IsEmpty())))) << hook.name;
        EXPECT_NE(hook.shows, "") << hook.name;
        EXPECT_NE(hook.without, "") << hook.name;
        EXPECT_LT(hook.counter, unsigned{RS_COUNTERS}) << hook.name;
        EXPECT_TRUE(counters.insert(hook.counter).second) << hook.name;
    }
    EXPECT_EQ(counters.size(), std::size_t{RS_COUNTERS});
}

TEST(HookTable, OnlySitesHaveProgramsWithoutAFunction) {
    for (const Hook& hook : hook_table())
        for (const Alternative& alternative : hook.alternatives) {
            EXPECT_TRUE(alternative.way != Way::tracefs_kprobe || hook.scope != HookScope::kernel) << hook.name;
            for (const Program& program : alternative.programs) {
                EXPECT_EQ(program.of_kernel(), !program.name.starts_with("site_") && program.name != "jump_kprobe")
                    << program.name;
                EXPECT_TRUE(program.function.empty() || program.tracepoint.empty()) << program.name;
            }
        }
}

// Programs that send events of single callbacks are not used for counting, and nothing is attached only for events.
TEST(SummaryHookTable, CountsInsteadOfSending) {
    const std::set<std::string> sends = resolve(hook_table(), everything(), all_of_a_module).programs();
    for (const Way way : {Way::tracepoint, Way::fentry, Way::kprobe}) {
        const std::set<std::string> programs = resolve(summary_hook_table(), everything(), only(way)).programs();
        EXPECT_GT(programs.size(), 8u);
        for (const char* callbacks : {"call_rcu", "dequeue_", "invoke_", "accelerate", "site_", "kvfree", "scan_"})
            EXPECT_THAT(programs, Each(Not(testing::StartsWith(callbacks))));
        EXPECT_EQ(std::count_if(programs.begin(), programs.end(),
                                [](const std::string& name) { return name.starts_with("summary_"); }),
                  way == Way::tracepoint ? 2 : 3);
    }
    EXPECT_FALSE(sends.contains("summary_queued_event"));
}

// Opening does not load the object, so it needs no privileges.
struct BpfObject {
    rcuscope_bpf* skeleton = rcuscope_bpf::open();
    BpfObject() = default;
    BpfObject(const BpfObject&) = delete;
    BpfObject& operator=(const BpfObject&) = delete;
    ~BpfObject() { rcuscope_bpf::destroy(skeleton); }

    // Each program with its section name: {"gp_init_fexit", "fexit/rcu_gp_init"}
    std::map<std::string, std::string> sections() const {
        std::map<std::string, std::string> found;
        bpf_program* each = nullptr;
        while ((each = bpf_object__next_program(skeleton->obj, each)) != nullptr)
            found[bpf_program__name(each)] = bpf_program__section_name(each);
        return found;
    }
};

TEST(HookTable, NamesExactlyTheProgramsThatThereAre) {
    const BpfObject object;
    ASSERT_NE(object.skeleton, nullptr);
    std::set<std::string> there;
    for (const auto& [name, section] : object.sections())
        there.insert(name);
    // This program is not attached: user space calls it.
    std::set<std::string> named{"read_sequences"};
    for (const std::span<const Hook> table : {hook_table(), summary_hook_table()})
        for (const Hook& hook : table)
            for (const Alternative& alternative : hook.alternatives)
                for (const Program& program : alternative.programs)
                    named.insert(std::string(program.name));
    EXPECT_EQ(named, there);
}

TEST(HookTable, SaysOfEveryProgramWhereItIsAttached) {
    const BpfObject object;
    ASSERT_NE(object.skeleton, nullptr);
    const auto sections = object.sections();
    std::vector<Hook> hooks(hook_table().begin(), hook_table().end());
    hooks.insert(hooks.end(), summary_hook_table().begin(), summary_hook_table().end());
    for (const Hook& hook : hooks)
        for (const Alternative& alternative : hook.alternatives)
            for (const Program& program : alternative.programs) {
                const std::string section = sections.at(std::string(program.name));
                const std::string kind = section.substr(0, section.find('/'));
                const bool fentry = alternative.way == Way::fentry;
                EXPECT_TRUE(!program.tracepoint.empty() ? kind == "tp_btf"
                            : fentry                    ? kind == "fentry" || kind == "fexit"
                                                        : kind == "kprobe" || kind == "kretprobe")
                    << program.name << " is in " << section;
                std::string place = kind;
                if (program.of_kernel())
                    place.append("/").append(program.place());
                EXPECT_EQ(section, place) << program.name;
            }
}

} // namespace
} // namespace rcuscope::test
