// SPDX-License-Identifier: BSD-2-Clause
//
// Tells a thread that waits from one that runs, so that a test can assert that a call blocks, without a sleep.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <sys/types.h>
#include <thread>

namespace rcuscope::test {

// Whether the thread of this process sleeps in the kernel (proc(5): state S), or has ended.
inline bool is_asleep(pid_t tid) {
    std::ifstream file("/proc/self/task/" + std::to_string(tid) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::size_t name_end = text.rfind(')'); // the name may contain anything
    return name_end == std::string::npos || text.compare(name_end, 3, ") S") == 0;
}

inline void wait_until_asleep(pid_t tid) {
    while (!is_asleep(tid))
        std::this_thread::yield();
}

} // namespace rcuscope::test
