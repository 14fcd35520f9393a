// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <streambuf>

namespace rcuscope {

// Writes to a file descriptor that it does not own and keeps the errno of the
// first write that failed, which std::ofstream does not tell.
class FdBuffer : public std::streambuf {
public:
    explicit FdBuffer(int fd) : fd_(fd) { setp(buffer_.data(), buffer_.data() + buffer_.size()); }

    // Writes out what is held. False after any failure.
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
