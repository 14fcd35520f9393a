// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/new_file.hpp"
#include "base/output_target.hpp"

namespace rcuscope {

// A file that only grows, by whole pieces: what append() could not write whole
// is taken off again, where the file can do that.
class OutputFile {
public:
    // For its owner only, by the target's name with ".part" (new_file.hpp). What is no file (a pipe, standard output)
    // is written to directly.
    static Result<OutputFile> part(const OutputTarget& target);
    // One that is not to be seen until it is whole.
    static Result<OutputFile> hidden(const OutputTarget& target);
    // One without a name, in the folder for temporary files.
    static Result<OutputFile> temporary();

    Status append(std::initializer_list<std::span<const std::byte>> parts);
    Status sync();
    // It takes the target's name, if it is a file. Nothing may be appended afterwards.
    Status put_in_place();
    // A .part is removed.
    void discard();
    // The same file, for reading it back; only of one that is a file.
    Result<Fd> reopened() const;

    bool regular() const { return regular_; }
    int fd() const { return file_ ? file_->fd() : other_.get(); }
    std::uint64_t free_bytes() const; // of its file system; 0 if that is not known

    std::uint64_t size() const { return size_; }
    std::string path() const { return file_ ? file_->path() : path_; } // that it can be found by now

private:
    OutputFile(std::string path, std::optional<NewFile> file, Fd fd, bool regular)
        : path_(std::move(path)), file_(std::move(file)), other_(std::move(fd)), regular_(regular) {}
    tl::unexpected<Error> failed(int error_number) const;

    std::string path_; // of the target
    std::optional<NewFile> file_;
    Fd other_; // without file_
    bool regular_ = false;
    std::uint64_t size_ = 0;
};

} // namespace rcuscope
