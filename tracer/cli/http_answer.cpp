// SPDX-License-Identifier: BSD-2-Clause
#include "cli/http_answer.hpp"

#include <string_view>

namespace rcuscope {

namespace {

// Compares in constant time, because the path contains a secret.
bool same(std::string_view a, std::string_view b) {
    unsigned different = a.size() == b.size() ? 0 : 1;
    for (std::size_t at = 0; at < a.size() && at < b.size(); at++)
        different |= static_cast<unsigned>(a[at] != b[at]);
    return different == 0;
}

bool names_this_machine(const std::vector<std::string>& hosts, std::uint16_t port) {
    const std::string at = ":" + std::to_string(port);
    return hosts.size() == 1 && (hosts.front() == "127.0.0.1" + at || hosts.front() == "localhost" + at);
}

} // namespace

HttpAnswer answer_to(const HttpRequest& request, const HttpOffer& offer) {
    // no-store keeps the recording out of the browser's cache.
    HttpAnswer answer{.headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}}};
    const auto with = [&](int status) {
        answer.status = status;
        return answer;
    };
    // DNS rebinding: a foreign page whose host name resolves to 127.0.0.1 could read the file.
    if (!names_this_machine(request.hosts, offer.port))
        return with(403);
    if (!same(request.target, offer.path))
        return with(404);
    if (!offer.origin.empty())
        answer.headers.emplace_back("Access-Control-Allow-Origin", offer.origin);
    if (request.method == "OPTIONS") {
        answer.headers.emplace_back("Access-Control-Allow-Methods", "GET, HEAD");
        answer.headers.emplace_back("Access-Control-Allow-Private-Network", "true");
        return with(204);
    }
    if (request.method != "GET" && request.method != "HEAD") {
        answer.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
        return with(405);
    }
    answer.with_file = true;
    return with(200);
}

} // namespace rcuscope
