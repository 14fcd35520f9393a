// SPDX-License-Identifier: BSD-2-Clause
//
// The subcommand `open`: converts a recording, serves it on the loopback interface (file_server.hpp) and opens a
// browser, on ui.perfetto.dev or with rcuscope's own HTML page.
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text_out.hpp"
#include "base/whole_file.hpp"
#include "cli/cli.hpp"
#include "cli/file_server.hpp"
#include "cli/hazard_options.hpp"
#include "cli/load.hpp"
#include "export/exporter.hpp"

namespace rcuscope {

namespace {

// The content security policy of ui.perfetto.dev allows this port.
constexpr std::uint16_t perfetto_port = 9001;
constexpr const char* perfetto_ui = "https://ui.perfetto.dev";

struct OpenArguments {
    std::string capture;
    bool html = false;
    bool no_browser = false;
    std::optional<std::uint16_t> port;
    HazardLimits limits;
};

// A name that needs no escaping in a URL.
std::string plain_name(const std::string& capture) {
    std::string name = std::filesystem::path(capture).stem().string();
    for (char& c : name)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_')
            c = '_';
    return name.empty() ? "recording" : name;
}

// Returns true if it has started a process for xdg-open. Needs a desktop or $BROWSER: without them xdg-open starts a
// browser in the terminal, or nothing.
bool start_browser(const std::string& address) {
    if (std::getenv("DISPLAY") == nullptr && std::getenv("WAYLAND_DISPLAY") == nullptr &&
        std::getenv("BROWSER") == nullptr)
        return false;
    const pid_t child = ::fork();
    if (child < 0)
        return false;
    if (child == 0) {
        const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
            ::dup2(null, fd);
        // The second fork detaches the browser, so that this process does not wait for it.
        if (const pid_t grandchild = ::fork(); grandchild != 0)
            ::_exit(grandchild < 0 ? 1 : 0);
        ::setsid();
        ::execlp("xdg-open", "xdg-open", address.c_str(), nullptr);
        ::_exit(127);
    }
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Outcome run_open(const OpenArguments& arguments) {
    if (arguments.html)
        if (auto can = html_can_be_written(); !can)
            return tl::unexpected(can.error());
    auto server = FileServer::listen(arguments.port.value_or(arguments.html ? 0 : perfetto_port));
    if (!server)
        return tl::unexpected(server.error());
    auto loaded = load_timeline(arguments.capture, arguments.limits);
    if (!loaded)
        return tl::unexpected(loaded.error());
    const Recording::Binding bound(*loaded->recording);

    ServedFile file;
    if (arguments.html) {
        file.name = plain_name(arguments.capture) + ".html";
        file.type = "text/html; charset=utf-8";
    } else {
        file.name = plain_name(arguments.capture) + ".pftrace";
        file.type = "application/octet-stream";
        file.origin = perfetto_ui;
    }
    auto contents = write_unnamed([&](std::ostream& out) {
        (arguments.html ? write_html : write_perfetto)(loaded->timeline, loaded->analysis, {}, out);
    });
    if (!contents)
        return tl::unexpected(contents.error());
    file.contents = std::move(*contents);

    std::string address = server->address(file);
    if (!arguments.html)
        address = std::string(perfetto_ui) + "/#!/?url=" + address + "&referrer=rcuscope";
    const bool opened = !arguments.no_browser && start_browser(address);
    standard_output() << (opened ? "Opening " : "Open in a browser on this machine: ") << address << "\n";
    if (!opened)
        standard_output() << "From another machine, first: ssh -L " << server->port() << ":127.0.0.1:" << server->port()
                          << " THIS-MACHINE\n";
    standard_output() << "Waiting for the browser to fetch the file; Ctrl-C ends the server.\n";
    standard_output().flush();
    if (auto served = server->serve(file); !served)
        return tl::unexpected(served.error());
    standard_output() << "Fetched: the browser read the whole file and closed the connection.\n";
    return ExitCode::done;
}

} // namespace

void add_open(CLI::App& app, Outcome& result) {
    auto* command = app.add_subcommand("open", "Show a recording in a browser");
    auto arguments = std::make_shared<OpenArguments>();
    command->add_option("CAPTURE", arguments->capture, "The recording (.rcu)")->required();
    command->add_flag("--html", arguments->html,
                      "Show it in rcuscope's own page, which explains the recording and needs no network");
    command->add_flag("--no-browser", arguments->no_browser, "Only print the address, and start no browser");
    command->add_option("--port", arguments->port,
                        "The port on 127.0.0.1 [9001, the port that ui.perfetto.dev reads; with --html any free port]");
    add_hazard_limits(*command, arguments->limits);
    command->footer(
        "The recording is served once, on this machine's loopback, to programs of this user only. ui.perfetto.dev is "
        "a\npage that reads it in your browser and sends it nowhere. The served file has no name on the disk.\n\n"
        "Examples:\n"
        "  rcuscope open run.rcu\n"
        "  rcuscope open --html run.rcu\n"
        "  rcuscope export run.rcu -o run.html   # a page to keep, or to send");
    command->callback([arguments, &result] { result = run_open(*arguments); });
}

} // namespace rcuscope
