// SPDX-License-Identifier: BSD-2-Clause
//
// Exit functions that end in a tail call of a kernel function. The return address of that function then lies in
// delete_module(), which itself calls none of the recorded functions; the location of the jump replaces it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/pooled_string.hpp"
#include "capture/metadata.hpp"
#include "timeline/code_location.hpp"

namespace rcuscope {

class ExitJumps {
public:
    explicit ExitJumps(const Metadata& metadata);

    // Whether `caller` lies in delete_module().
    static bool may_hide_behind(const CodeLocation& caller);
    // Location behind the jump to `target` in the module's exit function, like a return address. The function's start
    // unless exactly one such jump is known. `caller` if no exit function of the module is known.
    CodeLocation place_of(const std::string& module, std::string_view target, const CodeLocation& caller) const;

private:
    struct Jump {
        std::uint64_t behind = 0; // offset of the instruction's end in the function
        bool only = true;         // the only jump to that target
    };

    std::map<std::string, std::string, std::less<>> exit_functions_; // by module
    std::map<std::pair<std::string, std::string>, Jump> jumps_;      // by module, target
};

} // namespace rcuscope
