// SPDX-License-Identifier: BSD-2-Clause
//
// The server of `rcuscope open` over real sockets: which clients get the file, and that no client can block the
// others.
#include "cli/file_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <optional>
#include <ostream>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/whole_file.hpp"

#ifdef __SANITIZE_THREAD__
// Debian's build of the library is not instrumented. The first request's thread creates its static set of methods, and
// later threads read the set behind the guard of that static, which TSan cannot see there. TSan sees only the accesses
// through memcpy(), memcmp() and operator new. With an instrumented build of the same library it reports nothing.
extern "C" const char* __tsan_default_suppressions() {
    return "called_from_lib:libcpp-httplib.so\nrace:libcpp-httplib.so\n";
}
#endif

namespace rcuscope::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* ui = "https://ui.perfetto.dev";

// `room`: size of the client's receive buffer in bytes; 0: the kernel's default.
Fd connected(std::uint16_t port, int room = 0) {
    Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (room > 0)
        EXPECT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return client;
}

bool send_text(const Fd& client, std::string_view text) {
    return ::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

std::string read_all(const Fd& client) {
    std::string answer;
    std::array<char, 65536> part{};
    for (ssize_t got = 0; (got = ::recv(client.get(), part.data(), part.size(), 0)) > 0;)
        answer.append(part.data(), static_cast<std::size_t>(got));
    return answer;
}

class FileServerTest : public testing::Test {
protected:
    // `contents` is served until a client fetches it, or until the end of the test, which fetches it.
    void serve(std::string contents = "contents", const ServeLimits& limits = {}) {
        body_ = std::move(contents);
        auto unnamed = write_unnamed([&](std::ostream& out) { out << body_; });
        ASSERT_TRUE(unnamed.has_value());
        file_ = ServedFile{.name = "run.pftrace", .type = "text/plain", .contents = std::move(*unnamed), .origin = ui};
        auto server = FileServer::listen(0, limits);
        ASSERT_TRUE(server.has_value());
        server_.emplace(std::move(*server));
        const std::string address = server_->address(file_);
        path_ = address.substr(address.find('/', std::string_view("http://").size()));
        port_ = server_->port();
        thread_ = std::thread([this] {
            status_ = server_->serve(file_);
            ended_ = true;
        });
    }
    std::string request(const std::string& method, const std::string& path, const std::string& more = {}) const {
        return method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n" + more + "\r\n";
    }
    std::string answer(const std::string& text) const {
        const Fd client = connected(port_);
        EXPECT_TRUE(send_text(client, text));
        return read_all(client);
    }
    std::string fetch() const { return answer(request("GET", path_)); }
    bool fetches() const { return fetch().ends_with("\r\n\r\n" + body_); }
    void join() {
        if (thread_.joinable())
            thread_.join();
    }
    // With very short limits a busy machine may miss them; then the client asks again.
    void fetch_until_it_ends() {
        while (thread_.joinable() && !ended_ && !fetches())
            std::this_thread::yield();
        join();
    }
    // The server still waits: earlier requests have not ended it.
    void expect_waiting() {
        EXPECT_TRUE(fetches()) << "it is not there any more";
        join();
        EXPECT_TRUE(status_.has_value());
    }
    void expect_waiting_in_short_limits() {
        EXPECT_FALSE(ended_);
        fetch_until_it_ends();
        EXPECT_TRUE(status_.has_value());
    }
    void TearDown() override { fetch_until_it_ends(); }

    std::string body_;
    ServedFile file_;
    std::optional<FileServer> server_;
    std::string path_;
    std::uint16_t port_ = 0;
    Status status_;
    std::atomic<bool> ended_ = false;
    std::thread thread_;
};

TEST_F(FileServerTest, GivesTheFileOnceToWhoKnowsItsPath) {
    serve();
    const std::string got = fetch();
    EXPECT_THAT(got, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(got, HasSubstr("\r\nContent-Length: 8\r\n"));
    EXPECT_THAT(got, HasSubstr("\r\nCache-Control: no-store\r\n"));
    EXPECT_THAT(got, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(got, HasSubstr("\r\nAccess-Control-Allow-Origin: https://ui.perfetto.dev\r\n"));
    EXPECT_THAT(got, HasSubstr("\r\n\r\ncontents"));
    join();
    EXPECT_TRUE(status_.has_value());
}

TEST_F(FileServerTest, ThePathCannotBeGuessed) {
    serve();
    EXPECT_EQ(path_.size(), 1 + 32 + std::string("/run.pftrace").size());
    EXPECT_NE(FileServer::listen(0)->address(file_).substr(22), server_->address(file_).substr(22));
    const std::vector<std::string> others{"/run.pftrace",
                                          "/",
                                          path_.substr(0, 33),
                                          path_ + "?",
                                          "/" + std::string(32, '0') + "/run.pftrace",
                                          "/../etc/passwd",
                                          "/%2e%2e" + path_,
                                          path_ + "/../x"};
    for (const std::string& path : others) {
        const std::string got = answer(request("GET", path));
        EXPECT_THAT(got, StartsWith("HTTP/1.1 404 ")) << path;
        EXPECT_THAT(got, Not(HasSubstr("Access-Control"))) << path;
    }
    expect_waiting();
}

TEST_F(FileServerTest, AnswersThisMachinesOwnNamesOnly) {
    serve();
    const std::string port = std::to_string(port_);
    const std::vector<std::string> others{"evil.example:" + port, "127.0.0.1", "127.0.0.1:1",
                                          "127.0.0.1:" + port + "\r\nHost: evil.example", ""};
    for (const std::string& host : others) {
        const std::string got = answer("GET " + path_ + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
        EXPECT_THAT(got, StartsWith("HTTP/1.1 403 ")) << host;
        EXPECT_THAT(got, Not(HasSubstr("contents")));
    }
    EXPECT_THAT(answer("GET " + path_ + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 403 "));
    EXPECT_THAT(answer("HEAD " + path_ + " HTTP/1.1\r\nHost: localhost:" + port + "\r\n\r\n"),
                StartsWith("HTTP/1.1 200 "));
    expect_waiting();
}

TEST_F(FileServerTest, IsReadAndNothingElse) {
    serve();
    EXPECT_THAT(answer(request("POST", path_, "Content-Length: 3\r\n") + "abc"), StartsWith("HTTP/1.1 405 "));
    EXPECT_THAT(answer(request("PUT", path_, "Content-Length: 999999999\r\n")), StartsWith("HTTP/1.1 405 "));
    const std::string preflight = answer(request("OPTIONS", path_, "Origin: https://ui.perfetto.dev\r\n"));
    EXPECT_THAT(preflight, StartsWith("HTTP/1.1 204 "));
    EXPECT_THAT(preflight, HasSubstr("Access-Control-Allow-Private-Network: true\r\n"));
    const std::string head = answer(request("HEAD", path_));
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(head, Not(HasSubstr("contents")));
    expect_waiting();
}

TEST_F(FileServerTest, APartOfItIsTheWhole) {
    serve();
    const std::string got = answer(request("GET", path_, "Range: bytes=0-1,2-3,0-7\r\n"));
    EXPECT_THAT(got, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(got, HasSubstr("\r\n\r\ncontents"));
    join();
}

TEST_F(FileServerTest, WhatIsNoRequestIsAnsweredOrCutOff) {
    serve();
    EXPECT_THAT(answer("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    answer(request("GET", "/" + std::string(20000, 'x')));
    answer("GET / HTTP/1.1\r\n" + std::string(100000, 'x'));
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 10000; i++)
        many += "A: b\r\n";
    answer(many);
    expect_waiting();
}

// The server waits neither for a client that has only begun its request nor for one that has stopped reading: they
// are still connected when another client gets the file.
TEST_F(FileServerTest, ASlowClientHoldsNobody) {
    serve(std::string(32 << 20, 'x'), {.request = 1h, .answer = 1h});
    const Fd silent = connected(port_);
    const Fd slow = connected(port_);
    EXPECT_TRUE(send_text(slow, "GET / HT"));
    const Fd deaf = connected(port_);
    EXPECT_TRUE(send_text(deaf, request("GET", path_)));
    expect_waiting();
}

TEST_F(FileServerTest, ARequestHasATimeAsAWhole) {
    serve("contents", {.request = 1s});
    const Fd drip = connected(port_);
    // One byte at a time, as long as the server accepts them.
    while (send_text(drip, "x"))
        std::this_thread::sleep_for(20ms);
    expect_waiting_in_short_limits();
}

TEST_F(FileServerTest, AnAnswerHasATimeAsAWhole) {
    constexpr auto limit = 1s;
    serve(std::string(12 << 20, 'x'), {.answer = limit, .bytes_per_second = 1U << 30U});
    const Fd drip = connected(port_, 64 << 10);
    EXPECT_TRUE(send_text(drip, request("GET", path_)));
    std::array<char, 1024> part{};
    std::size_t taken = 0;
    std::optional<std::chrono::steady_clock::time_point> began;
    for (ssize_t got = 0; (got = ::recv(drip.get(), part.data(), part.size(), 0)) > 0;) {
        taken += static_cast<std::size_t>(got);
        if (!began)
            began = std::chrono::steady_clock::now();
        // Slowly, until the limit is long over. The rest is in the sockets' buffers and comes at once.
        if (std::chrono::steady_clock::now() - *began < 5 * limit)
            std::this_thread::sleep_for(10ms);
    }
    EXPECT_LT(taken, body_.size());
    expect_waiting_in_short_limits();
}

// A client beyond the limit gets its answer when one of the connections has ended.
TEST_F(FileServerTest, ThereAreOnlySoManyConnections) {
    serve("contents", {.request = 1s, .connections = 2});
    std::array<Fd, 2> silent{connected(port_), connected(port_)};
    // On a busy machine its own time may be over, too.
    while (answer(request("HEAD", path_)).empty()) {
    }
    const auto is_over = [](const Fd& client) {
        char byte = 0;
        return ::recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0;
    };
    EXPECT_TRUE(std::any_of(silent.begin(), silent.end(), is_over));
    expect_waiting_in_short_limits();
}

// The whole file may be in the sockets' buffers without being read.
TEST_F(FileServerTest, WhatIsNotReadIsNotFetched) {
    serve();
    {
        const Fd client = connected(port_);
        EXPECT_TRUE(send_text(client, request("GET", path_)));
        std::this_thread::sleep_for(100ms);
    }
    expect_waiting();
}

TEST_F(FileServerTest, ABrokenFetchIsNone) {
    serve(std::string(8 << 20, 'x'));
    {
        const Fd client = connected(port_);
        EXPECT_TRUE(send_text(client, request("GET", path_)));
        std::array<char, 4096> part{};
        EXPECT_GT(::recv(client.get(), part.data(), part.size(), 0), 0);
    }
    expect_waiting();
}

TEST_F(FileServerTest, AnotherUserIsNotHeard) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can be somebody else";
    serve();
    const std::string text = request("GET", path_);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        constexpr uid_t nobody = 65534;
        if (::setresuid(nobody, nobody, nobody) != 0)
            ::_exit(2);
        const Fd client = connected(port_);
        send_text(client, text);
        ::_exit(read_all(client).empty() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0) << "1: it was given something";
    expect_waiting();
}

TEST_F(FileServerTest, SaysWhoHasThePort) {
    serve();
    const auto second = FileServer::listen(port_);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ExitCode::cannot_here);
    EXPECT_THAT(second.error().hint, HasSubstr("ss -ltnp 'sport = :" + std::to_string(port_) + "'"));
}

} // namespace
} // namespace rcuscope::test
