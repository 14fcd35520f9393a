// SPDX-License-Identifier: BSD-2-Clause
#include "base/fd_stream.hpp"

#include <cerrno>
#include <cstddef>
#include <unistd.h>

namespace rcuscope {

bool FdBuffer::flush() {
    for (const char* from = pbase(); error_ == 0 && from != pptr();) {
        const ssize_t written = ::write(fd_, from, static_cast<std::size_t>(pptr() - from));
        if (written >= 0)
            from += written;
        else if (errno != EINTR)
            error_ = errno;
    }
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return error_ == 0;
}

FdBuffer::int_type FdBuffer::overflow(int_type c) {
    if (!flush())
        return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof()))
        sputc(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
}

} // namespace rcuscope
