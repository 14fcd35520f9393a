// SPDX-License-Identifier: BSD-2-Clause
//
// What comes to `rcuscope open` over its socket.
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <ostream>
#include <sys/socket.h>
#include <thread>

#include "base/whole_file.hpp"
#include "cli/file_server.hpp"
#include "fuzz.hpp"

namespace rcuscope::fuzz {

namespace {

// Serves for as long as the program runs, and gives the port.
std::uint16_t serve() {
    static auto server = FileServer::listen(0);
    require(server.has_value(), "a port of the loopback is free");
    std::thread([] {
        auto contents = write_unnamed([](std::ostream& out) { out << "contents"; });
        require(contents.has_value(), "there is room for a file");
        const ServedFile file{
            .name = "run.json", .type = "text/plain", .contents = std::move(*contents), .origin = "https://x"};
        while (server->serve(file))
            continue;
    }).detach();
    return server->port();
}

std::string answer_to(std::string_view request, std::uint16_t port) {
    const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "the server listens");
    // Closed at once: thousands of connections a second would wait for their end.
    const linger none{1, 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    static_cast<void>(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL));
    std::string answer;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::recv(client.get(), part.data(), part.size(), 0)) > 0;)
        answer.append(part.data(), static_cast<std::size_t>(got));
    return answer;
}

} // namespace

} // namespace rcuscope::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace rcuscope;
    constexpr std::size_t most = 8192; // of what is longer the rest is not read, and the answer may go with it
    static const std::uint16_t port = fuzz::serve();
    std::string request = fuzz::text_of(fuzz::bytes_of(data, std::min(size, most)));
    // Known when it is written down, where the port is not.
    if (const auto at = request.find(":PORT"); at != std::string::npos)
        request.replace(at + 1, 4, std::to_string(port));
    const std::string answer = fuzz::answer_to(request + "\r\n\r\n", port);
    fuzz::require(answer.starts_with("HTTP/1.1 "), "every request is answered");
    const bool named =
        request.find("127.0.0.1:") != std::string::npos || request.find("localhost:") != std::string::npos;
    fuzz::require(named || answer.find("contents") == std::string::npos,
                  "only who names this machine is given the file");
    return 0;
}
