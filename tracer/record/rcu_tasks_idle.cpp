// SPDX-License-Identifier: BSD-2-Clause
#include "record/rcu_tasks_idle.hpp"

#include <chrono>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

#include "capture/gp_seq.hpp"

namespace rcuscope {

namespace {

bool at_rest(const TasksSequences& tasks) {
    return ((tasks.tasks | tasks.trace) & rcu_seq_state_mask) == 0;
}

} // namespace

Result<bool> wait_for_rcu_tasks_idle(const std::function<Result<SequencesAt>()>& read,
                                     const std::function<bool()>& pass, int tries) {
    for (int i = 0; i < tries; i++) {
        const auto before = read();
        if (!before)
            return tl::unexpected(before.error());
        if (!pass())
            return false;
        const auto after = read();
        if (!after)
            return tl::unexpected(after.error());
        if (at_rest(before->tasks) && before->tasks == after->tasks)
            return true;
    }
    return false;
}

void pass_grace_periods() {
    using namespace std::chrono_literals;
    for (int i = 0; i < 2; i++) {
        // MEMBARRIER_CMD_GLOBAL calls synchronize_rcu(), except with a single CPU, where it returns at once. There, and
        // where the command is not available, the sleep must suffice.
        ::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
        std::this_thread::sleep_for(10ms);
    }
}

} // namespace rcuscope
