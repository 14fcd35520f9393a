// SPDX-License-Identifier: BSD-2-Clause
//
// The server of `rcuscope open` over real sockets: who gets the file, and that nobody keeps it from the others.
#include "cli/file_server.hpp"

#include <arpa/inet.h>
#include <array>
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

namespace rcuscope::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* ui = "https://ui.perfetto.dev";

Fd connected(std::uint16_t port) {
    Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
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
    // `contents` is served until it is fetched, or until the test's end, which fetches it.
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
        thread_ = std::thread([this] { status_ = server_->serve(file_); });
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
    void join() {
        if (thread_.joinable())
            thread_.join();
    }
    // It still waits: what was asked before has not ended it.
    void expect_waiting() {
        EXPECT_TRUE(fetch().ends_with("\r\n\r\n" + body_)) << "it is not there any more";
        join();
        EXPECT_TRUE(status_.has_value());
    }
    void TearDown() override {
        if (thread_.joinable())
            fetch();
        join();
    }

    std::string body_;
    ServedFile file_;
    std::optional<FileServer> server_;
    std::string path_;
    std::uint16_t port_ = 0;
    Status status_;
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

// Neither who has begun a request nor who has stopped reading is waited for.
TEST_F(FileServerTest, ASlowClientHoldsNobody) {
    serve(std::string(32 << 20, 'x'));
    const Fd silent = connected(port_);
    const Fd slow = connected(port_);
    EXPECT_TRUE(send_text(slow, "GET / HT"));
    const Fd deaf = connected(port_);
    EXPECT_TRUE(send_text(deaf, request("GET", path_)));
    const auto began = std::chrono::steady_clock::now();
    expect_waiting();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST_F(FileServerTest, ARequestHasATimeAsAWhole) {
    serve("contents", {.request = 300ms});
    const Fd drip = connected(port_);
    const auto began = std::chrono::steady_clock::now();
    // A byte now and then, for as long as they are taken.
    while (send_text(drip, "x") && std::chrono::steady_clock::now() - began < 10s)
        std::this_thread::sleep_for(20ms);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    expect_waiting();
}

TEST_F(FileServerTest, AnAnswerHasATimeAsAWhole) {
    serve(std::string(32 << 20, 'x'), {.answer = 2s, .bytes_per_second = 1U << 30U});
    const Fd drip = connected(port_);
    EXPECT_TRUE(send_text(drip, request("GET", path_)));
    const auto began = std::chrono::steady_clock::now();
    std::array<char, 1024> part{};
    std::size_t taken = 0;
    for (ssize_t got = 0; (got = ::recv(drip.get(), part.data(), part.size(), 0)) > 0 && taken < body_.size();) {
        taken += static_cast<std::size_t>(got);
        // Slowly while it lasts; what is in the sockets' buffers then comes at once.
        if (std::chrono::steady_clock::now() - began < 3s)
            std::this_thread::sleep_for(10ms);
    }
    EXPECT_LT(taken, body_.size());
    expect_waiting();
}

TEST_F(FileServerTest, ThereAreOnlySoManyConnections) {
    serve("contents", {.request = 300ms, .connections = 2});
    constexpr int clients = 6;
    std::vector<Fd> silent;
    silent.reserve(clients);
    for (int i = 0; i < clients; i++)
        silent.push_back(connected(port_));
    const auto began = std::chrono::steady_clock::now();
    expect_waiting();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
}

// All of it may be in the sockets' buffers, and nobody has read it.
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
