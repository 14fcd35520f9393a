// SPDX-License-Identifier: BSD-2-Clause
//
// The answer to a request to `rcuscope open`.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rcuscope {

// The file on offer, and how it has to be asked for.
struct HttpOffer {
    std::string path; // "/TOKEN/run.pftrace"
    std::uint16_t port = 0;
    std::string origin; // whose pages may read it besides itself; empty: nobody's
};

struct HttpRequest {
    std::string method;
    std::string target;             // as it was sent
    std::vector<std::string> hosts; // the values of all its Host headers
};

struct HttpAnswer {
    int status = 0;
    bool with_file = false; // of HEAD that is its size only
    std::vector<std::pair<std::string, std::string>> headers{};
};

// Nothing is said of whether there is a file, nor whose pages may read it, to who does not name this machine by its own
// name and the file by its path.
HttpAnswer answer_to(const HttpRequest& request, const HttpOffer& offer);

} // namespace rcuscope
