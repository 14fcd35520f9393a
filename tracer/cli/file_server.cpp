// SPDX-License-Identifier: BSD-2-Clause
#include "cli/file_server.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <netinet/in.h>
#include <set>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "base/text_out.hpp"
#include "cli/http_answer.hpp"
#include "cli/peer_user.hpp"
#include "cli/timed_stream.hpp"

namespace rcuscope {

namespace {

tl::unexpected<Error> cannot_listen(std::uint16_t port, int error) {
    const std::string number = std::to_string(port);
    std::string hint;
    if (error == EADDRINUSE)
        hint = "another program uses this port, perhaps another rcuscope open or Perfetto's trace_processor: ss -ltnp "
               "'sport = :" +
               number + "' names it. End it, or use open --html, or export a .pftrace and open it in the page by hand";
    return fail(ExitCode::cannot_here, "cannot listen on 127.0.0.1:" + number, errno_text(error), std::move(hint));
}

// 128 random bits as hexadecimal digits. On failure empty, with errno set.
std::string random_digits() {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return {};
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes)
        text.append({digits[byte >> 4U], digits[byte & 0xfU]});
    return text;
}

// One thread for each connection, at most `most`. When all are busy, enqueue() blocks, and the next connection waits to
// be accepted. The time limits of the connections bound this wait.
class Threads : public httplib::TaskQueue {
public:
    Threads(std::size_t limit, std::function<void()> hang_up) : most_(limit), hang_up_(std::move(hang_up)) {}

    void enqueue(std::function<void()> task) override {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return running_ < most_; });
        ++running_;
        std::thread([this, task = std::move(task)] {
            task();
            // Notifies under the lock, so that this thread does not use the object after the unlock.
            const std::lock_guard ended(mutex_);
            --running_;
            changed_.notify_all();
        }).detach();
    }
    void shutdown() override {
        hang_up_();
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return running_ == 0; });
    }

private:
    std::size_t most_;
    std::function<void()> hang_up_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t running_ = 0;
};

HttpRequest request_of(const httplib::Request& request) {
    HttpRequest seen{.method = request.method, .target = request.target, .hosts = {}};
    for (std::size_t i = 0; i < request.get_header_value_count("Host"); i++)
        seen.hosts.push_back(request.get_header_value("Host", i));
    return seen;
}

class Server : public httplib::Server {
public:
    Server(Fd socket, const ServedFile& file, HttpOffer offer, const ServeLimits& limits)
        : file_(file), offer_(std::move(offer)), limits_(limits) {
        struct stat about {};
        if (::fstat(file.contents.get(), &about) == 0)
            size_ = static_cast<std::uint64_t>(about.st_size);
        // The caller has bound the socket. The library would share the port with another program of this user
        // (SO_REUSEPORT), and would not report why bind() failed.
        svr_sock_ = socket.release();
        new_task_queue = [this] { return new Threads(limits_.connections, [this] { hang_up(); }); };
        set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
            answer(request, response);
            return HandlerResponse::Handled;
        });
    }

    bool fetched() const { return fetched_; }

private:
    void answer(const httplib::Request& request, httplib::Response& response) {
        const HttpAnswer answer = answer_to(request_of(request), offer_);
        response.status = answer.status;
        for (const auto& [name, value] : answer.headers)
            response.set_header(name, value);
        if (answer.with_file)
            response.set_content_provider(size_, file_.type,
                                          [this](std::size_t at, std::size_t length, httplib::DataSink& sink) {
                                              return write_part(at, length, sink);
                                          });
    }

    bool write_part(std::size_t at, std::size_t length, httplib::DataSink& sink) const {
        std::array<char, 64U << 10U> part{};
        const ssize_t got =
            ::pread(file_.contents.get(), part.data(), std::min(length, part.size()), static_cast<off_t>(at));
        return got > 0 && sink.write(part.data(), static_cast<std::size_t>(got));
    }

    bool process_and_close_socket(socket_t socket) override {
        const Fd client(socket);
        if (!begin(socket))
            return false;
        // A connection of another user is closed before it takes resources.
        if (is_of_this_user(socket))
            talk(socket);
        const std::lock_guard lock(mutex_);
        open_.erase(socket);
        return true;
    }

    void talk(socket_t socket) {
        TimedStream stream(socket, limits_.request,
                           limits_.answer + std::chrono::milliseconds(size_ * 1000 / limits_.bytes_per_second));
        bool whole = false; // the request is a GET of the file
        bool closed = false;
        const bool written = process_request(stream, true, closed, [&](httplib::Request& request) {
            // Ignores ranges: no client needs a part, and many ranges together can exceed the file.
            request.ranges.clear();
            whole = request.method == "GET" && answer_to(request_of(request), offer_).with_file;
        });
        // Without an answer there is no reason to wait for the client.
        const bool taken = stream.written() > 0 && stream.take_leave(limits_.farewell);
        if (!whole || over_)
            return;
        if (written && stream.written() > size_ && taken) {
            fetched_ = true;
            stop();
        } else {
            StandardError() << "rcuscope: the browser did not read the file to its end: still waiting\n";
        }
    }

    // Returns false after hang_up().
    bool begin(socket_t socket) {
        const std::lock_guard lock(mutex_);
        if (over_)
            return false;
        open_.insert(socket);
        return true;
    }
    void hang_up() {
        const std::lock_guard lock(mutex_);
        over_ = true;
        for (const socket_t socket : open_)
            ::shutdown(socket, SHUT_RDWR);
    }

    const ServedFile& file_;
    HttpOffer offer_;
    ServeLimits limits_;
    std::uint64_t size_ = 0;
    std::atomic<bool> fetched_ = false;
    std::mutex mutex_;
    std::set<socket_t> open_;
    std::atomic<bool> over_ = false;
};

} // namespace

Result<FileServer> FileServer::listen(std::uint16_t port, const ServeLimits& limits) {
    constexpr int backlog = 64;
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket)
        return cannot_listen(port, errno);
    const int yes = 1; // SO_REUSEADDR ignores closed connections (TIME_WAIT), but not another listening socket
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), generic, length) != 0 || ::listen(socket.get(), backlog) != 0 ||
        ::getsockname(socket.get(), generic, &length) != 0)
        return cannot_listen(port, errno);
    std::string secret = random_digits();
    if (secret.empty())
        return fail(ExitCode::cannot_here, "cannot serve a file", "getrandom(): " + errno_text(errno));
    return FileServer(std::move(socket), ntohs(address.sin_port), std::move(secret), limits);
}

std::string FileServer::address(const ServedFile& file) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path_of(file);
}

Status FileServer::serve(const ServedFile& file) {
    Server server(std::move(socket_), file, {path_of(file), port_, file.origin}, limits_);
    const bool ended = server.listen_after_bind();
    if (server.fetched())
        return {};
    return fail(ExitCode::cannot_here, "cannot serve " + file.name,
                ended ? "the server ended" : "accept(): " + errno_text(errno));
}

} // namespace rcuscope
