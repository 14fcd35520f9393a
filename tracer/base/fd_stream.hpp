// SPDX-License-Identifier: BSD-2-Clause
//
// A std::streambuf on a file descriptor that keeps the errno of a failed write.
#pragma once

#include <array>
#include <streambuf>

namespace rcuscope {

// Does not own the descriptor. Keeps the errno of the first write that failed, which std::ofstream does not report, and
// writes nothing after that.
class FdBuffer : public std::streambuf {
public:
    explicit FdBuffer(int fd) : fd_(fd) { setp(buffer_.data(), buffer_.data() + buffer_.size()); }

    // Writes out the buffer. Returns false after any failed write.
    bool flush();
    int error() const { return error_; } // 0 if none

protected:
    int_type overflow(int_type c) override;
    int sync() override { return flush() ? 0 : -1; }

private:
    int fd_;
    int error_ = 0;
    std::array<char, 1 << 16> buffer_{};
};

} // namespace rcuscope
