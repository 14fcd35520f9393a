// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/shared_text.hpp"
#include "capture/metadata.hpp"
#include "timeline/code_place.hpp"

namespace rcuscope {

// Exit functions that end with a jump to a function of the kernel's: that one then seems to be called by
// delete_module(), which itself calls none of those that are recorded.
class ExitJumps {
public:
    explicit ExitJumps(const Metadata& metadata);

    // Whether `caller` is in delete_module().
    static bool may_hide_behind(const CodePlace& caller);
    // The place of the jump to `target` in the module's exit function: the end of the instruction, as of a call. The
    // function's beginning if there are several jumps. `caller` if the module has no such function.
    CodePlace place_of(const std::string& module, std::string_view target, const CodePlace& caller) const;

private:
    struct Jump {
        std::uint64_t behind = 0; // offset in the function
        bool only = true;         // one to that target
    };

    std::map<std::string, std::string, std::less<>> exit_functions_; // by module
    std::map<std::pair<std::string, std::string>, Jump> jumps_;      // by module, target
};

} // namespace rcuscope
