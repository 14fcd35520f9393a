// SPDX-License-Identifier: BSD-2-Clause
//
// Decides the answer of `rcuscope open` to an HTTP request. It does no input or output.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rcuscope {

// The served file, as a request must name it.
struct HttpOffer {
    std::string path; // "/TOKEN/run.pftrace"
    std::uint16_t port = 0;
    std::string origin; // a web origin whose pages may read the file (CORS); empty for none
};

struct HttpRequest {
    std::string method;
    std::string target;             // as the client sent it
    std::vector<std::string> hosts; // the values of all its Host headers
};

struct HttpAnswer {
    int status = 0;
    bool with_file = false; // for HEAD only the size is sent
    std::vector<std::pair<std::string, std::string>> headers{};
};

// A client whose Host header or path is wrong learns neither that the file exists nor which origin may read it.
HttpAnswer answer_to(const HttpRequest& request, const HttpOffer& offer);

} // namespace rcuscope
