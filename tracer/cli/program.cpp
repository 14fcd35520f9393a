// SPDX-License-Identifier: BSD-2-Clause
#include "cli/program.hpp"

#include <csignal>
#include <exception>
#include <iostream>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include "base/fd_stream.hpp"
#include "base/file.hpp"
#include "base/limit_error.hpp"
#include "base/text_out.hpp"
#include "base/write_error.hpp"
#include "cli/cli.hpp"
#include "cli/finish_command.hpp"

namespace rcuscope {

namespace {

// The limit on memory that applies, for the message.
std::string memory_limit() {
    rlimit limit{};
    for (const auto& [what, option] : {std::pair(RLIMIT_AS, "-v"), std::pair(RLIMIT_DATA, "-d")})
        if (::getrlimit(what, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
            return "it is limited to " + std::to_string(limit.rlim_cur >> 10) + " KiB (ulimit " + option + ")";
    return "the machine or the control group has no more";
}

// Lack of memory. For a command that reads files it is an error of the input: reading a valid recording takes bounded
// memory, because large lists spill to disk. A command that traces has no input.
Error no_memory(bool traces) {
    return {traces ? ExitCode::cannot_here : ExitCode::bad_input, traces ? "cannot go on" : "cannot process the input",
            "out of memory: " + memory_limit(),
            traces ? "record with smaller buffers (--buffer), or free some memory"
                   : "reading takes up to 256 MiB: raise the limit, or do not use this file"};
}

bool traces(const CLI::App& app) {
    return app.got_subcommand("record") || app.got_subcommand("doctor");
}

// Redirects std::cout to a buffer that keeps the errno of a failed write, which iostreams do not report.
class StandardOutput {
public:
    StandardOutput() : before_(std::cout.rdbuf(&buffer_)) {}
    StandardOutput(const StandardOutput&) = delete;
    StandardOutput& operator=(const StandardOutput&) = delete;
    ~StandardOutput() { std::cout.rdbuf(before_); }
    // Print nothing after this.
    Status finish() { return buffer_.flush() ? Status() : write_error("standard output", buffer_.error()); }

private:
    FdBuffer buffer_{STDOUT_FILENO};
    std::streambuf* before_;
};

int run(int argc, char** argv) {
    // A closed pipe is then a write error (EPIPE), which is reported, and after which no partial file stays.
    std::signal(SIGPIPE, SIG_IGN);

    CLI::App app("rcuscope shows what RCU did in a running kernel: grace periods, callbacks, readers, and what the "
                 "followed modules did with RCU.");
    app.set_version_flag("--version", version_text());
    app.require_subcommand(1);
    app.footer("Exit codes: 0 done; 1 a check or the recorded command failed;\n"
               "2 wrong use or unusable input; 3 this kernel, or these privileges, cannot do it;\n"
               "4 an output could not be written: no space, no permission, a disk error, a closed pipe.\n\n"
               "Examples:\n"
               "  sudo rcuscope record -m rcucmap.ko -o run.rcu -- insmod rcucmap.ko\n"
               "  rcuscope info run.rcu\n"
               "  rcuscope report run.rcu\n"
               "  rcuscope export run.rcu -o run.json -o run.pftrace\n"
               "  rcuscope check run.rcu --budget 'gp.p99<50ms' --budget 'hazards==0'\n"
               "  rcuscope open --html run.rcu\n"
               "  rcuscope review mine.ko\n"
               "  sudo rcuscope doctor");

    Outcome result = ExitCode::done;
    add_record(app, result);
    add_export(app, result);
    add_open(app, result);
    add_info(app, result);
    add_report(app, result);
    add_summarize(app, result);
    add_check(app, result);
    add_review(app, result);
    add_doctor(app, result);
    add_finish(app, result);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // CLI11 reports --help and --version in the same way as wrong arguments.
        std::ostringstream help;
        std::ostringstream problem;
        const bool asked = app.exit(error, help, problem) == 0;
        for (const std::string_view line : split_lines(help.view()))
            standard_output() << line << "\n";
        if (!asked)
            StandardError().lines(problem.view()) << "\n";
        // CLI11 has an exit code for each kind of mistake; rcuscope has one for all.
        return asked ? 0 : static_cast<int>(ExitCode::bad_input);
    } catch (const std::bad_alloc&) {
        return report_error(no_memory(traces(app)));
    } catch (const std::length_error&) { // a container of more elements than fit into the address space
        return report_error(no_memory(traces(app)));
    }
    return result ? static_cast<int>(*result) : report_error(result.error());
}

} // namespace

int run_program(int argc, char** argv) {
    // Other code returns errors as values. Exceptions are LimitError, or come from libraries, mostly for lack of
    // memory.
    try {
        StandardOutput standard_output;
        const int code = run(argc, argv);
        const Status printed = standard_output.finish();
        return printed ? code : report_error(printed.error());
    } catch (const LimitError& limit) {
        return report_error(limit.error());
    } catch (const std::exception& error) {
        return report_error({ExitCode::cannot_here, "cannot go on", error.what(), ""});
    }
}

} // namespace rcuscope
