// SPDX-License-Identifier: BSD-2-Clause
#include "review/known_functions.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace rcuscope {

namespace {

constexpr KnownDeferral deferrals[] = {
    {"call_rcu", Flavour::rcu, 1},
    {"call_rcu_hurry", Flavour::rcu, 1},
    {"kvfree_call_rcu", Flavour::kfree_rcu, no_argument},
    {"kfree_call_rcu", Flavour::kfree_rcu, no_argument},
    {"call_srcu", Flavour::srcu, 2},
    {"call_rcu_tasks", Flavour::tasks, 1},
    {"call_rcu_tasks_rude", Flavour::tasks_rude, 1},
    {"call_rcu_tasks_trace", Flavour::tasks_trace, 1},
    {"queue_rcu_work", Flavour::rcu_work, no_argument}, // the callback is in the work item
    {"tcf_queue_work", Flavour::rcu_work, 1},           // net/sched/cls_api.c: INIT_RCU_WORK(), queue_rcu_work()
    {"percpu_ref_kill_and_confirm", Flavour::percpu_ref, 1},
};

using enum WaitsFor;

// From the sources of 6.1.192 and 6.12.117. Rows with `since` hold for the later one only.
constexpr KnownWait waits[] = {
    // The waits themselves.
    {"rcu_barrier", callbacks, Flavour::rcu, "", "", "", "kernel/rcu/tree.c"},
    {"srcu_barrier", callbacks, Flavour::srcu, "", "", "", "kernel/rcu/srcutree.c"},
    {"rcu_barrier_tasks", callbacks, Flavour::tasks, "", "", "", "kernel/rcu/tasks.h"},
    {"rcu_barrier_tasks_rude", callbacks, Flavour::tasks_rude, "", "", "", "kernel/rcu/tasks.h"},
    {"rcu_barrier_tasks_trace", callbacks, Flavour::tasks_trace, "", "", "", "kernel/rcu/tasks.h"},
    {"kvfree_rcu_barrier", callbacks, Flavour::kfree_rcu, "", "", "", "kernel/rcu/tree.c"},
    {"flush_rcu_work", callbacks, Flavour::rcu_work, "", "", "", "kernel/workqueue.c"},
    {"synchronize_rcu", grace_period, Flavour::rcu, "", "", "", "kernel/rcu/tree.c"},
    {"synchronize_rcu_expedited", grace_period, Flavour::rcu, "", "", "", "kernel/rcu/tree_exp.h"},
    {"synchronize_net", grace_period, Flavour::rcu, "synchronize_rcu()", "", "", "net/core/dev.c"},
    {"cond_synchronize_rcu", grace_period, Flavour::rcu, "synchronize_rcu()",
     "only if no grace period has ended meanwhile", "", "kernel/rcu/tree.c"},
    {"synchronize_srcu", grace_period, Flavour::srcu, "", "", "", "kernel/rcu/srcutree.c"},
    {"synchronize_srcu_expedited", grace_period, Flavour::srcu, "", "", "", "kernel/rcu/srcutree.c"},
    {"synchronize_rcu_tasks", grace_period, Flavour::tasks, "", "", "", "kernel/rcu/tasks.h"},
    {"synchronize_rcu_tasks_rude", grace_period, Flavour::tasks_rude, "", "", "", "kernel/rcu/tasks.h"},
    {"synchronize_rcu_tasks_trace", grace_period, Flavour::tasks_trace, "", "", "", "kernel/rcu/tasks.h"},
    // Functions of subsystems that call one of them.
    {"unregister_pernet_subsys", callbacks, Flavour::rcu, "rcu_barrier()", "", "",
     "net/core/net_namespace.c: unregister_pernet_operations()"},
    {"unregister_pernet_device", callbacks, Flavour::rcu, "rcu_barrier()", "", "",
     "net/core/net_namespace.c: unregister_pernet_operations()"},
    {"register_pernet_subsys", callbacks, Flavour::rcu, "rcu_barrier()", "only if it fails", "",
     "net/core/net_namespace.c: register_pernet_operations()"},
    {"register_pernet_device", callbacks, Flavour::rcu, "rcu_barrier()", "only if it fails", "",
     "net/core/net_namespace.c: register_pernet_operations()"},
    {"tcf_unregister_action", callbacks, Flavour::rcu, "rcu_barrier()", "", "",
     "net/sched/act_api.c: unregister_pernet_subsys()"},
    {"unregister_tcf_proto_ops", callbacks, Flavour::rcu, "rcu_barrier()", "", "",
     "net/sched/cls_api.c: rcu_barrier(), then flush_workqueue(tc_filter_wq)"},
    {"unregister_netdev", callbacks, Flavour::rcu, "rcu_barrier()", "", "",
     "net/core/dev.c: rtnl_unlock(), netdev_run_todo() with the device on its list"},
    {"rtnl_unlock", callbacks, Flavour::rcu, "rcu_barrier()", "only if devices were unregistered under the lock", "",
     "net/core/rtnetlink.c, net/core/dev.c: netdev_run_todo()"},
    {"rtnl_link_unregister", callbacks, Flavour::rcu, "rcu_barrier()", "only if devices of the kind were left", "",
     "net/core/rtnetlink.c: rtnl_unlock(), netdev_run_todo()"},
    {"elv_unregister", callbacks, Flavour::rcu, "rcu_barrier()", "only if the scheduler has a cache of icqs", "",
     "block/elevator.c"},
    {"target_backend_unregister", callbacks, Flavour::rcu, "rcu_barrier()", "", "", "drivers/target/target_core_hba.c"},
    {"scsi_host_put", callbacks, Flavour::rcu, "rcu_barrier()", "only if it drops the last reference", "",
     "drivers/scsi/hosts.c: scsi_host_dev_release()"},
    {"kmem_cache_destroy", callbacks, Flavour::kfree_rcu, "kvfree_rcu_barrier()", "", "6.12",
     "mm/slab_common.c, 6c6c47b063b5"},
    {"unregister_filesystem", grace_period, Flavour::rcu, "synchronize_rcu()", "", "", "fs/filesystems.c"},
    {"kern_unmount", grace_period, Flavour::rcu, "synchronize_rcu()", "", "", "fs/namespace.c"},
    // Waits that a callback may end. A module's file does not tell whether one does.
    {"wait_for_completion", other, Flavour::rcu, "", "", "", "kernel/sched/completion.c"},
    {"wait_for_completion_timeout", other, Flavour::rcu, "", "", "", "kernel/sched/completion.c"},
    {"wait_for_completion_interruptible", other, Flavour::rcu, "", "", "", "kernel/sched/completion.c"},
    {"wait_for_completion_interruptible_timeout", other, Flavour::rcu, "", "", "", "kernel/sched/completion.c"},
    {"wait_for_completion_killable", other, Flavour::rcu, "", "", "", "kernel/sched/completion.c"},
    {"wait_for_completion_killable_timeout", other, Flavour::rcu, "", "", "", "kernel/sched/completion.c"},
    {"wait_for_completion_io", other, Flavour::rcu, "", "", "", "kernel/sched/completion.c"},
    {"inet_frags_fini", other, Flavour::rcu, "wait_for_completion()", "", "", "net/ipv4/inet_fragment.c"},
    {"schedule", other, Flavour::rcu, "", "", "", "kernel/sched/core.c"},
    {"schedule_timeout", other, Flavour::rcu, "", "", "", "kernel/time/timer.c"},
    {"schedule_timeout_interruptible", other, Flavour::rcu, "", "", "", "kernel/time/timer.c"},
    {"schedule_timeout_killable", other, Flavour::rcu, "", "", "", "kernel/time/timer.c"},
    {"schedule_timeout_uninterruptible", other, Flavour::rcu, "", "", "", "kernel/time/timer.c"},
    {"msleep", other, Flavour::rcu, "", "", "", "kernel/time/timer.c"},
    {"msleep_interruptible", other, Flavour::rcu, "", "", "", "kernel/time/timer.c"},
    {"usleep_range_state", other, Flavour::rcu, "", "", "", "kernel/time/timer.c"},
    {"out_of_line_wait_on_bit", other, Flavour::rcu, "", "", "", "kernel/sched/wait_bit.c"},
    {"wait_woken", other, Flavour::rcu, "", "", "", "kernel/sched/wait.c"},
};

// Prefixes of the names for known_stop() and for known_unregister().
constexpr std::string_view stops[] = {
    "del_timer",      "timer_delete",          "timer_shutdown", "try_to_del_timer",
    "hrtimer_cancel", "hrtimer_try_to_cancel", "cancel_work",    "cancel_delayed_work",
    "flush_work",     "flush_delayed_work",    "tasklet_kill",   "tasklet_disable",
    "disable_work",   "disable_delayed_work",
};
constexpr std::string_view unregisters[] = {
    "unregister_",
    "misc_deregister",
    "platform_driver_unregister",
    "pci_unregister_driver",
    "usb_deregister",
    "driver_unregister",
    "i2c_del_driver",
    "cdev_del",
    "nf_unregister_",
    "xt_unregister_",
    "genl_unregister_family",
    "inet_del_protocol",
    "inet6_del_protocol",
    "dev_remove_pack",
    "sock_unregister",
    "proto_unregister",
    "rtnl_link_unregister",
    "tracepoint_probe_unregister",
    "blkcg_policy_unregister",
    "crypto_unregister_",
    "free_irq",
};

// Functions that do not wait for callbacks: they free, lock, print, look up, queue or wake. Some may run code of the
// module: kobject_put() may call its release function.
constexpr std::string_view harmless[] = {
    "__fentry__",
    "_printk",
    "printk",
    "kfree",
    "kvfree",
    "vfree",
    "kfree_sensitive",
    "kfree_const",
    "free_pages",
    "__free_pages",
    "free_percpu",
    "kmem_cache_destroy",
    "kmem_cache_free",
    "kmem_cache_shrink",
    "mempool_destroy",
    "mutex_lock",
    "mutex_unlock",
    "_raw_spin_lock",
    "_raw_spin_unlock",
    "_raw_spin_lock_irq",
    "_raw_spin_unlock_irq",
    "_raw_spin_lock_bh",
    "_raw_spin_unlock_bh",
    "_raw_spin_lock_irqsave",
    "_raw_spin_unlock_irqrestore",
    "_raw_write_lock",
    "_raw_write_unlock",
    "_raw_read_lock",
    "_raw_read_unlock",
    "down_write",
    "up_write",
    "down_read",
    "up_read",
    "__rcu_read_lock",
    "__rcu_read_unlock",
    "__list_del_entry_valid",
    "__list_add_valid",
    "__list_del_entry_valid_or_report",
    "__list_add_valid_or_report",
    "debugfs_remove",
    "remove_proc_entry",
    "proc_remove",
    "remove_proc_subtree",
    "sysfs_remove_group",
    "sysfs_remove_file_ns",
    "kobject_put",
    "kobject_del",
    "misc_deregister",
    "cdev_del",
    "class_destroy",
    "device_destroy",
    "unregister_chrdev_region",
    "__unregister_chrdev",
    "del_timer",
    "del_timer_sync",
    "timer_delete",
    "timer_delete_sync",
    "timer_shutdown_sync",
    "timer_shutdown",
    "hrtimer_cancel",
    "kthread_stop",
    "kthread_should_stop",
    "wake_up_process",
    "__wake_up",
    "complete",
    "complete_all",
    "cancel_work_sync",
    "cancel_delayed_work_sync",
    "flush_work",
    "flush_delayed_work",
    "destroy_workqueue",
    "__flush_workqueue",
    "flush_workqueue",
    "drain_workqueue",
    "tasklet_kill",
    "synchronize_rcu",
    "synchronize_rcu_expedited",
    "synchronize_net",
    "synchronize_srcu",
    "synchronize_srcu_expedited",
    "synchronize_irq",
    "cleanup_srcu_struct",
    "ida_destroy",
    "idr_destroy",
    "xa_destroy",
    "call_rcu",
    "call_rcu_hurry",
    "call_srcu",
    "kvfree_call_rcu",
    "call_rcu_tasks",
    "queue_rcu_work",
    "call_rcu_tasks_trace",
    "call_rcu_tasks_rude",
    "queue_work_on",
    "queue_delayed_work_on",
    "mod_timer",
    "add_timer",
    "kmem_cache_alloc",
    "kmem_cache_alloc_noprof",
    "kmalloc_trace",
    "kmalloc_trace_noprof",
    "__kmalloc",
    "__kmalloc_noprof",
    "__kmalloc_cache_noprof",
    "kmem_cache_alloc_trace",
    "__dynamic_pr_debug",
    "__ubsan_handle_out_of_bounds",
    "memcpy",
    "memset",
    "memmove",
    "strcmp",
    "strlen",
    "snprintf",
    "scnprintf",
    "sprintf",
    "jiffies_to_msecs",
    "__const_udelay",
    "__udelay",
    "__ndelay",
    "__stack_chk_fail",
    "__SCT__might_resched",
    "__SCT__cond_resched",
    "__SCT__preempt_schedule",
    "__SCT__preempt_schedule_notrace",
    "preempt_schedule",
    "preempt_schedule_thunk",
    "preempt_schedule_notrace_thunk",
    "__warn_printk",
    "dump_stack",
    "refcount_warn_saturate",
    "ktime_get",
    "del_gendisk",
    "sysfs_remove_link",
    "kset_unregister",
    "find_next_bit",
    "_find_next_bit",
    "_find_first_bit",
    "__msecs_to_jiffies",
    "msleep",
    "usleep_range_state",
    "schedule_timeout_uninterruptible",
    "_cond_resched",
    "__cond_resched",
    "might_sleep",
    "__might_sleep",
    "__might_resched",
    "kthread_create_on_node",
};

template <typename Row, std::size_t count>
auto by_name(const Row (&rows)[count]) {
    std::unordered_map<std::string_view, const Row*> map;
    for (const Row& row : rows)
        map.emplace(row.name, &row);
    return map;
}

template <std::size_t count>
bool starts_with_any(std::string_view name, const std::string_view (&prefixes)[count]) {
    return std::any_of(
        std::begin(prefixes), std::end(prefixes), [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::pair<unsigned, unsigned> release_of(std::string_view text) {
    std::pair<unsigned, unsigned> release{};
    const char* const end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, release.first);
    if (major.ec == std::errc() && major.ptr != end && *major.ptr == '.')
        std::from_chars(major.ptr + 1, end, release.second);
    return release;
}

} // namespace

const KnownDeferral* known_deferral(std::string_view name) {
    static const auto map = by_name(deferrals);
    const auto found = map.find(name);
    return found == map.end() ? nullptr : found->second;
}

const KnownWait* known_wait(std::string_view name, std::string_view release) {
    static const auto map = by_name(waits);
    const auto found = map.find(name);
    if (found == map.end() || (!found->second->since.empty() && !release_since(release, found->second->since)))
        return nullptr;
    return found->second;
}

bool known_stop(std::string_view name) {
    return starts_with_any(name, stops);
}

bool known_unregister(std::string_view name) {
    return starts_with_any(name, unregisters);
}

bool known_harmless(std::string_view name) {
    static const std::unordered_set<std::string_view> set(std::begin(harmless), std::end(harmless));
    return set.contains(name);
}

bool release_since(std::string_view release, std::string_view since) {
    return release_of(release) >= release_of(since);
}

} // namespace rcuscope
