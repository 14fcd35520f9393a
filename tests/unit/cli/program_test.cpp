// SPDX-License-Identifier: BSD-2-Clause
#include "cli/program.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include "capture/support.hpp"
#include "temp_dir.hpp"

// A sanitizer reserves more address space than any limit allows.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace rcuscope::test {
namespace {

// The number of pages of address space that the process has.
rlim_t pages_in_use() {
    std::ifstream statm("/proc/self/statm");
    rlim_t pages = 0;
    statm >> pages;
    return pages;
}

// Ends the process with the program's exit code.
[[noreturn]] void run_with_little_memory(std::string command, std::string capture) {
    const rlim_t bytes = pages_in_use() * 4096 + (rlim_t{4} << 20);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_AS, &limit);
    std::string name = "rcuscope";
    std::array<char*, 3> argv{name.data(), command.data(), capture.data()};
    const int code = run_program(static_cast<int>(argv.size()), argv.data());
    std::filesystem::remove_all(std::filesystem::path(capture).parent_path()); // the folder of this process
    ::_exit(code);
}

// A hundred thousand grace periods, which need about ten MiB in one piece.
void write_capture(const std::string& path) {
    auto writer = capture_at(path, metadata_of_cpus(1));
    ASSERT_TRUE(writer);
    for (std::uint64_t i = 0; i < 100'000; i++)
        ASSERT_TRUE(writer->record(0, bytes_of(rs_gp{header_of(RS_GP_END, 1000 + i), i << 2 | 1})));
    ASSERT_TRUE(writer->finish({.end_ns = 200'000, .reason = "made up"}));
}

TEST(Program, InputThatAsksForMoreMemoryThanThereIsIsUnusable) {
    GTEST_FLAG_SET(death_test_style, "threadsafe"); // a new process, which cannot reuse memory that this one has freed
    const TempDir folder;
    const std::string capture = folder.file("run.rcu");
    write_capture(capture);
    for (const char* command : {"report", "info"}) {
        EXPECT_EXIT(run_with_little_memory(command, capture), testing::ExitedWithCode(2),
                    "rcuscope: cannot process the input: out of memory: it is limited to [0-9]+ KiB "
                    "\\(ulimit -v\\)")
            << command;
    }
}

} // namespace
} // namespace rcuscope::test

#endif
