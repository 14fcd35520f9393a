// SPDX-License-Identifier: BSD-2-Clause
#include "base/temporary_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace rcuscope {

std::string temporary_folder(std::initializer_list<const char*> usual) {
    const char* named = std::getenv("TMPDIR");
    if (named != nullptr && *named != '\0')
        return named;
    std::string folder;
    for (const char* each : usual) {
        folder = each;
        if (::access(each, W_OK | X_OK) == 0)
            break;
    }
    return folder;
}

Fd temporary_file() {
    const std::string where = temporary_folder();
    Fd fd(::open(where.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!fd && (errno == EOPNOTSUPP || errno == EISDIR)) { // the file system does not support O_TMPFILE
        std::string path = where + "/rcuscope-XXXXXX";
        fd = Fd(::mkostemp(path.data(), O_CLOEXEC));
        if (fd)
            ::unlink(path.c_str());
    }
    return fd;
}

} // namespace rcuscope
