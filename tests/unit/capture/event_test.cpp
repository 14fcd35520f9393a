// SPDX-License-Identifier: BSD-2-Clause
#include "capture/event.hpp"

#include "support.hpp"

namespace rcuscope::test {
namespace {

template <typename Body, typename Wire>
Body decoded(const Wire& wire) {
    const auto event = decode_record(bytes_of(wire), 3);
    EXPECT_TRUE(event.has_value());
    if (!event || !std::holds_alternative<Body>(event->body)) {
        ADD_FAILURE() << "not decoded, or to another kind";
        return {};
    }
    EXPECT_EQ(event->ns, 1000u);
    EXPECT_EQ(event->cpu, 3u);
    EXPECT_EQ(event->tid, 7u);
    return std::get<Body>(event->body);
}

template <typename Wire>
bool refused(const Wire& wire) {
    return !decode_record(bytes_of(wire), 0);
}

TEST(Event, Lost) {
    const auto body = decoded<event::Lost>(rs_lost{header_of(RS_LOST, 1000), 5, 100, 200});
    EXPECT_EQ(body.total, 5u);
    EXPECT_EQ(body.from_ns, 100u);
    EXPECT_EQ(body.to_ns, 200u);
}

TEST(Event, Task) {
    const auto body = decoded<event::Task>(rs_task{header_of(RS_TASK, 1000), 42, RS_TASK_KTHREAD, "rcu_preempt"});
    EXPECT_EQ(body.tgid, 42u);
    EXPECT_TRUE(body.kthread);
    EXPECT_EQ(body.comm, "rcu_preempt");
}

TEST(Event, GracePeriod) {
    const auto start =
        decoded<event::GpStart>(rs_gp_start{header_of(RS_GP_START, 1000, RS_GP_EXPEDITED), 0xfffffffffffffed1, 900});
    EXPECT_EQ(start.gp_seq, 0xfffffffffffffed1u);
    EXPECT_EQ(start.since_ns, 900u);
    EXPECT_TRUE(start.expedited);
    const auto end = decoded<event::GpEnd>(rs_gp{header_of(RS_GP_END, 1000), 17});
    EXPECT_EQ(end.gp_seq, 17u);
    EXPECT_FALSE(end.expedited);
    const auto cleaned = decoded<event::GpCleaned>(rs_gp{header_of(RS_GP_CLEANED, 1000, RS_GP_EXPEDITED), 21});
    EXPECT_EQ(cleaned.gp_seq, 21u);
    EXPECT_TRUE(cleaned.expedited);
}

TEST(Event, WhatHappensWithinAGracePeriod) {
    EXPECT_EQ(decoded<event::GpRequested>(rs_gp{header_of(RS_GP_REQUESTED, 1000), 25}).gp_seq, 25u);

    const auto state = decoded<event::GpQuiescent>(
        rs_gp_quiescent{header_of(RS_GP_QUIESCENT, 1000, RS_QS_SCAN | RS_QS_EXPEDITED), 25, 6, 8, 16, 1});
    EXPECT_EQ(state.kind, event::QuiescentKind::scan);
    EXPECT_TRUE(state.expedited);
    EXPECT_EQ(state.gp_seq, 25u);
    EXPECT_EQ(state.mask, 6u);
    EXPECT_EQ(state.left, 8u);
    EXPECT_EQ(state.first_cpu, 16u);
    EXPECT_TRUE(state.blocked);
    EXPECT_TRUE(refused(rs_gp_quiescent{header_of(RS_GP_QUIESCENT, 1000, RS_QS_OTHER + 1), 25, 6, 8, 16, 1}));

    const auto scan = decoded<event::GpScan>(rs_gp_scan{header_of(RS_GP_SCAN, 1000), 25, 3});
    EXPECT_EQ(scan.gp_seq, 25u);
    EXPECT_EQ(scan.count, 3u);

    const auto blocked =
        decoded<event::GpBlocked>(rs_gp_blocked{header_of(RS_GP_BLOCKED, 1000, RS_GP_EXPEDITED), 25, 99, 16, "reader"});
    EXPECT_TRUE(blocked.expedited);
    EXPECT_EQ(blocked.gp_seq, 25u);
    EXPECT_EQ(blocked.tid, 99u);
    EXPECT_EQ(blocked.first_cpu, 16u);
    EXPECT_EQ(blocked.comm, "reader");
    EXPECT_FALSE(blocked.on_lock);
    EXPECT_FALSE(blocked.boosted);
    const auto on_lock =
        decoded<event::GpBlocked>(rs_gp_blocked{header_of(RS_GP_BLOCKED, 1000, RS_BLOCKED_LOCK), 25, 99, 16, "reader"});
    EXPECT_TRUE(on_lock.on_lock);
    EXPECT_FALSE(on_lock.boosted);
    EXPECT_FALSE(on_lock.expedited);
    EXPECT_TRUE(decoded<event::GpBlocked>(
                    rs_gp_blocked{header_of(RS_GP_BLOCKED, 1000, RS_BLOCKED_BOOSTED), 25, 99, 16, "reader"})
                    .boosted);

    const auto sample = decoded<event::GpSample>(rs_gp_sample{header_of(RS_GP_SAMPLE, 1000), 25, 2, 7, {10, 20, 30}});
    EXPECT_FALSE(sample.expedited);
    EXPECT_EQ(sample.gp_seq, 25u);
    EXPECT_EQ(sample.no_tick_us, 7u);
    EXPECT_EQ(sample.stack, (std::vector<std::uint64_t>{10, 20}));
    EXPECT_TRUE(refused(rs_gp_sample{header_of(RS_GP_SAMPLE, 1000), 25, RS_STACK_FRAMES + 1, 0, {}}));
}

TEST(Event, Callback) {
    const auto queued = decoded<event::CbQueued>(rs_cb_queued{header_of(RS_CB_QUEUED, 1000), 1, 2, 3});
    EXPECT_EQ(queued.head, 1u);
    EXPECT_EQ(queued.func, 2u);
    EXPECT_EQ(queued.caller, 3u);
    EXPECT_FALSE(queued.lazy);
    EXPECT_FALSE(queued.end_unseen);
    EXPECT_TRUE(decoded<event::CbQueued>(rs_cb_queued{header_of(RS_CB_QUEUED, 1000, RS_CB_LAZY), 1, 2, 3}).lazy);
    EXPECT_TRUE(
        decoded<event::CbQueued>(rs_cb_queued{header_of(RS_CB_QUEUED, 1000, RS_CB_END_UNSEEN), 1, 2, 3}).end_unseen);
    EXPECT_EQ(queued.in, event::QueueContext::unknown) << "an older recording does not say";
    EXPECT_FALSE(queued.jumped);
    const auto jumped = decoded<event::CbQueued>(
        rs_cb_queued{header_of(RS_CB_QUEUED, 1000, RS_CB_JUMPED | RS_CONTEXT_SOFTIRQ << RS_CONTEXT_SHIFT), 1, 2, 3});
    EXPECT_TRUE(jumped.jumped);
    EXPECT_EQ(jumped.in, event::QueueContext::softirq);
    EXPECT_FALSE(jumped.lazy);
    const auto assigned = decoded<event::CbAssigned>(rs_cb_assigned{header_of(RS_CB_ASSIGNED, 1000), 24, 5, 0, 900});
    EXPECT_EQ(assigned.gp_seq, 24u);
    EXPECT_EQ(assigned.list_cpu, 5u);
    EXPECT_EQ(assigned.bypass_ns, 900u);
    EXPECT_FALSE(assigned.either);
    const auto either =
        decoded<event::CbAssigned>(rs_cb_assigned_either{header_of(RS_CB_ASSIGNED_EITHER, 1000), 24, 12, 8, 5, 0, 900});
    EXPECT_EQ(either.gp_seq, 24u);
    EXPECT_EQ(either.list_cpu, 5u);
    EXPECT_EQ(either.bypass_ns, 900u);
    EXPECT_TRUE(either.either);
    EXPECT_EQ(either.expedited_seq, 12u);
    EXPECT_EQ(either.reassigned_seq, 8u);
    EXPECT_EQ(decoded<event::CbInvoked>(rs_cb{header_of(RS_CB_INVOKED, 1000), 1, 2}).head, 1u);
    EXPECT_EQ(decoded<event::CbInvoked>(rs_cb{header_of(RS_CB_INVOKED, 1000), 1, 2}).done, 0u);
    EXPECT_EQ(decoded<event::CbDone>(rs_cb_done{header_of(RS_CB_DONE, 1000), 1}).head, 1u);
    const auto next = decoded<event::CbInvoked>(rs_cb_next{header_of(RS_CB_NEXT, 1000), 1, 2, 3});
    EXPECT_EQ(next.head, 1u);
    EXPECT_EQ(next.func, 2u);
    EXPECT_EQ(next.done, 3u);
}

TEST(Event, Kvfree) {
    const auto with_head = decoded<event::KvfreeRcu>(rs_kvfree{header_of(RS_KVFREE, 1000), 4, 5});
    EXPECT_EQ(with_head.object, 4u);
    EXPECT_EQ(with_head.caller, 5u);
    EXPECT_FALSE(with_head.headless);
    EXPECT_TRUE(decoded<event::KvfreeRcu>(rs_kvfree{header_of(RS_KVFREE, 1000, RS_KVFREE_HEADLESS), 4, 5}).headless);
    EXPECT_EQ(
        decoded<event::KvfreeRcu>(rs_kvfree{header_of(RS_KVFREE, 1000, RS_CONTEXT_HARDIRQ << RS_CONTEXT_SHIFT), 4, 5})
            .in,
        event::QueueContext::hardirq);
}

TEST(Event, Stack) {
    const auto stack = decoded<event::Stack>(rs_stack{header_of(RS_STACK, 1000), 2, 0, {10, 20, 30}});
    EXPECT_EQ(stack.frames, (std::vector<std::uint64_t>{10, 20}));
    EXPECT_TRUE(refused(rs_stack{header_of(RS_STACK, 1000), RS_STACK_FRAMES + 1, 0, {}}));
}

TEST(Event, Batch) {
    EXPECT_EQ(decoded<event::BatchBegin>(rs_batch{header_of(RS_BATCH_BEGIN, 1000), 6, 0}).list_cpu, 6u);
    EXPECT_EQ(decoded<event::BatchEnd>(rs_batch{header_of(RS_BATCH_END, 1000), 7, 0}).list_cpu, 7u);
}

TEST(Event, Wait) {
    const auto begin = decoded<event::WaitBegin>(rs_wait{header_of(RS_WAIT_BEGIN, 1000, RS_WAIT_RCU_BARRIER), 9});
    EXPECT_EQ(begin.kind, event::WaitKind::rcu_barrier);
    EXPECT_EQ(begin.caller, 9u);
    const auto end =
        decoded<event::WaitEnd>(rs_wait{header_of(RS_WAIT_END, 1000, RS_WAIT_SYNCHRONIZE_RCU_EXPEDITED), 0});
    EXPECT_EQ(end.kind, event::WaitKind::synchronize_rcu_expedited);
}

TEST(Event, SiteAndModule) {
    const auto site = decoded<event::Site>(rs_site{header_of(RS_SITE, 1000), 12});
    EXPECT_EQ(site.address, 12u);
    EXPECT_FALSE(site.is_return);
    EXPECT_TRUE(decoded<event::Site>(rs_site{header_of(RS_SITE, 1000, RS_SITE_RETURN), 12}).is_return);
    const auto module =
        decoded<event::Module>(rs_module{header_of(RS_MODULE, 1000, RS_MODULE_FAILED), 0xc000, 4096, -12, "rcucmap"});
    EXPECT_EQ(module.step, event::ModuleStep::failed);
    EXPECT_EQ(module.name, "rcucmap");
    EXPECT_EQ(module.base, 0xc000u);
    EXPECT_EQ(module.size, 4096u);
    EXPECT_EQ(module.ret, -12);
    const auto section = decoded<event::ModuleSection>(
        rs_module_section{header_of(RS_MODULE_SECTION, 1000), 0xd000, "rcucmap", ".init.text"});
    EXPECT_EQ(section.module, "rcucmap");
    EXPECT_EQ(section.section, ".init.text");
    EXPECT_EQ(section.address, 0xd000u);
}

TEST(Event, ModuleRefused) {
    const auto module =
        decoded<event::Module>(rs_module{header_of(RS_MODULE, 1000, RS_MODULE_REFUSED), 0, 0, -11, "rcu_refs"});
    EXPECT_EQ(module.step, event::ModuleStep::refused);
    EXPECT_EQ(module.ret, -11);
}

TEST(Event, ModulePending) {
    const auto counted = decoded<event::ModulePending>(
        rs_module_pending{header_of(RS_MODULE_PENDING, 1000, RS_MODULE_FREED), 20'000, "rcu_unload"});
    EXPECT_EQ(counted.step, event::ModuleStep::freed);
    EXPECT_EQ(counted.name, "rcu_unload");
    EXPECT_EQ(counted.pending, 20'000u);
}

TEST(Event, ModuleReference) {
    const auto taken =
        decoded<event::ModuleRef>(rs_module_ref{header_of(RS_MODULE_REF, 1000, 1), 0xc12, 3, 0, "rcu_refs"});
    EXPECT_EQ(taken.name, "rcu_refs");
    EXPECT_TRUE(taken.taken);
    EXPECT_EQ(taken.count, 3);
    EXPECT_EQ(taken.caller, 0xc12u);
    // The count is read without a lock, so it may have any value.
    const auto put = decoded<event::ModuleRef>(rs_module_ref{header_of(RS_MODULE_REF, 1000), 0, -1, 0, "rcu_refs"});
    EXPECT_FALSE(put.taken);
    EXPECT_EQ(put.count, -1);
}

TEST(Event, ModuleWoken) {
    const auto woken =
        decoded<event::ModuleWoken>(rs_module_woken{header_of(RS_MODULE_WOKEN, 1000), 0xaed, "rcu_unload"});
    EXPECT_EQ(woken.head, 0xaedu);
    EXPECT_EQ(woken.name, "rcu_unload");
    const auto freed =
        decoded<event::Module>(rs_module{header_of(RS_MODULE, 1000, RS_MODULE_INIT_FREED), 0xc0, 0, 0, "rcu_unload"});
    EXPECT_EQ(freed.step, event::ModuleStep::init_freed);
    const auto unprobed =
        decoded<event::Module>(rs_module{header_of(RS_MODULE, 1000, RS_MODULE_UNPROBED), 0xc0, 0, 0, "rcu_unload"});
    EXPECT_EQ(unprobed.step, event::ModuleStep::unprobed);
}

TEST(Event, CacheThatWasNotDestroyed) {
    const auto left = decoded<event::CacheLeft>(
        rs_cache_left{header_of(RS_CACHE_LEFT, 1000, RS_CACHE_KVFREE_BARRIER), 0xc0, 0xc12, 7, "nodes"});
    ASSERT_TRUE(left.what);
    EXPECT_EQ(left.what->cache, 0xc0u);
    EXPECT_EQ(left.what->caller, 0xc12u);
    EXPECT_EQ(left.what->objects, 7u);
    EXPECT_TRUE(left.what->kvfree_barrier);
    EXPECT_EQ(left.what->name, "nodes");

    rs_cache_slab wire{header_of(RS_CACHE_SLAB, 1000, RS_SLAB_FREE_KNOWN), 0xc0, 0x8000, 64, 64, 3, 0, {1, 2}};
    const auto slab = decoded<event::CacheSlab>(wire);
    ASSERT_TRUE(slab.what);
    EXPECT_EQ(slab.what->start, 0x8000u);
    EXPECT_EQ(slab.what->object_size, 64u);
    EXPECT_EQ(slab.what->in_use, 3u);
    EXPECT_TRUE(slab.what->free_known);
    EXPECT_EQ(slab.what->free.at(1), 2u);
    wire.object_size = 0;
    EXPECT_TRUE(refused(wire));
    wire.object_size = 64;
    wire.in_use = 65;
    EXPECT_TRUE(refused(wire));
}

TEST(Event, CacheThatCallbacksHaveObjectsOf) {
    rs_cache_pending wire{header_of(RS_CACHE_PENDING, 1000), 0xc0, 0xc12, 20, {0x8000, 0x8040}, "nodes"};
    const auto pending = decoded<event::CachePending>(wire);
    ASSERT_TRUE(pending.what);
    EXPECT_EQ(pending.what->cache, 0xc0u);
    EXPECT_EQ(pending.what->caller, 0xc12u);
    EXPECT_EQ(pending.what->callbacks, 20u);
    EXPECT_EQ(pending.what->heads, (std::vector<std::uint64_t>{0x8000, 0x8040}));
    EXPECT_EQ(pending.what->name, "nodes");
    wire.callbacks = 0;
    EXPECT_TRUE(refused(wire));
}

TEST(Event, Switch) {
    const auto preempted =
        decoded<event::SwitchOut>(rs_switch{header_of(RS_SWITCH_OUT, 1000, RS_SWITCH_PREEMPTED), 2, 0});
    EXPECT_EQ(preempted.reason, event::SwitchReason::preempted);
    EXPECT_EQ(preempted.nesting, 2u);
    EXPECT_EQ(decoded<event::SwitchOut>(rs_switch{header_of(RS_SWITCH_OUT, 1000), 1, 0}).reason,
              event::SwitchReason::blocked);
    EXPECT_EQ(decoded<event::SwitchOut>(rs_switch{header_of(RS_SWITCH_OUT, 1000, RS_SWITCH_LOCK), 1, 0}).reason,
              event::SwitchReason::lock);
    const auto left = decoded<event::TaskLeft>(rs_switch{header_of(RS_TASK_LEFT, 1000, RS_LEFT_TO_USER), 2, 0});
    EXPECT_EQ(left.kind, event::LeftKind::user);
    EXPECT_EQ(left.nesting, 2u);
    EXPECT_EQ(decoded<event::TaskLeft>(rs_switch{header_of(RS_TASK_LEFT, 1000), 0, 0}).kind, event::LeftKind::exit);
    EXPECT_EQ(decoded<event::SwitchIn>(rs_switch{header_of(RS_SWITCH_IN, 1000), 3, 0}).nesting, 3u);
}

// Existing files depend on these sizes.
TEST(Event, AddedRecordsHaveTheSizesOfTheFormat) {
    EXPECT_EQ(sizeof(rs_module_pending), 80u);
    EXPECT_EQ(sizeof(rs_module_ref), 88u);
    EXPECT_EQ(sizeof(rs_switch), 24u);
    EXPECT_EQ(sizeof(rs_cache_left), 72u);
    EXPECT_EQ(sizeof(rs_cache_slab), 112u);
    EXPECT_EQ(sizeof(rs_cache_pending), 200u);
}

TEST(Event, RefusesWhatIsTooShort) {
    const Bytes whole = bytes_of(rs_module{header_of(RS_MODULE, 1000), 0, 0, 0, "m"});
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(decode_record(std::span(whole).first(size), 0)) << size;
}

TEST(Event, AcceptsWhatWasAppendedLater) {
    Bytes longer = cb_record(1000, 99);
    longer.resize(longer.size() + 24);
    const auto event = decode_record(longer, 0);
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(head_of(*event), 99u);
}

TEST(Event, RefusesValuesOutOfRange) {
    EXPECT_TRUE(refused(rs_header{1000, 7, 9999, 0}));
    EXPECT_TRUE(refused(rs_wait{header_of(RS_WAIT_BEGIN, 1000, 3), 0}));
    EXPECT_TRUE(refused(rs_wait{header_of(RS_WAIT_END, 1000, 0xffff), 0}));
    EXPECT_TRUE(refused(rs_module{header_of(RS_MODULE, 1000, RS_MODULE_UNPROBED + 1), 0, 0, 0, "m"}));
    EXPECT_TRUE(refused(rs_module_pending{header_of(RS_MODULE_PENDING, 1000, RS_MODULE_UNPROBED + 1), 0, "m"}));
    EXPECT_TRUE(refused(rs_batch{header_of(RS_BATCH_BEGIN, 1000), max_cpus, 0}));
    EXPECT_TRUE(refused(rs_cb_assigned{header_of(RS_CB_ASSIGNED, 1000), 0, max_cpus, 0, 0}));
    EXPECT_TRUE(refused(rs_cb_assigned_either{header_of(RS_CB_ASSIGNED_EITHER, 1000), 0, 0, 0, max_cpus, 0, 0}));
}

TEST(Event, RefusesStringsWithoutEnd) {
    rs_task task{header_of(RS_TASK, 1000), 1, 0, ""};
    std::memset(task.comm, 'x', sizeof task.comm);
    EXPECT_TRUE(refused(task));
    rs_module_section section{header_of(RS_MODULE_SECTION, 1000), 0, "m", ""};
    std::memset(section.section, 'x', sizeof section.section);
    EXPECT_TRUE(refused(section));
    rs_module_pending pending{header_of(RS_MODULE_PENDING, 1000, RS_MODULE_FREED), 0, ""};
    std::memset(pending.name, 'x', sizeof pending.name);
    EXPECT_TRUE(refused(pending));
    rs_module_ref reference{header_of(RS_MODULE_REF, 1000), 0, 0, 0, ""};
    std::memset(reference.name, 'x', sizeof reference.name);
    EXPECT_TRUE(refused(reference));
}

} // namespace
} // namespace rcuscope::test
