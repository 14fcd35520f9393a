// SPDX-License-Identifier: BSD-2-Clause
#include "base/write_error.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace rcuscope {
namespace {

struct Advice {
    int error_number;
    ExitCode code;
    const char* hint;
};

constexpr Advice advice[] = {
    {ENOSPC, ExitCode::cannot_write, "free some space, or name a file on another file system"},
    {EDQUOT, ExitCode::cannot_write, "free some of your quota, or name a file on another file system"},
    {EFBIG, ExitCode::cannot_write, "raise the limit on the size of files (ulimit -f)"},
    {EIO, ExitCode::cannot_write, "read the kernel's log for disk errors"},
    {EACCES, ExitCode::cannot_write, "name a file in a folder that you may write to"},
    {EPERM, ExitCode::cannot_write, "name a file in a folder that you may write to"},
    {EROFS, ExitCode::cannot_write, "name a file on a file system that can be written"},
    {EPIPE, ExitCode::cannot_write, "the process that read the pipe has ended"},
    {ENOENT, ExitCode::bad_input, "create the folder first"},
    {ENOTDIR, ExitCode::bad_input, "name a file in a folder"},
    {EISDIR, ExitCode::bad_input, "name a file in it"},
    {ENAMETOOLONG, ExitCode::bad_input, "name a file with a shorter name"},
    {ELOOP, ExitCode::bad_input, "name the file itself instead of a link"},
};

} // namespace

tl::unexpected<Error> write_error(const std::string& path, int error_number) {
    const auto* known =
        std::ranges::find_if(advice, [&](const Advice& each) { return each.error_number == error_number; });
    const bool found = known != std::end(advice);
    return fail(found ? known->code : ExitCode::cannot_write, "cannot write " + path, errno_text(error_number),
                found ? known->hint : "");
}

} // namespace rcuscope
