// SPDX-License-Identifier: BSD-2-Clause
#include "base/error.hpp"

#include <system_error>

namespace rcuscope {

std::string errno_text(int error_number) {
    return std::generic_category().message(error_number);
}

} // namespace rcuscope
