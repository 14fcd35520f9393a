// SPDX-License-Identifier: BSD-2-Clause
//
// The file that a capture is written to. It only grows, by whole chunks: if append() cannot write all of its data, it
// truncates the file to its former size, where the file can be truncated.
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

class OutputFile {
public:
    // A file that only its owner can read, with the target's name and the suffix ".part" (new_file.hpp). A target that
    // is no file (a pipe, standard output) is opened and written to directly.
    static Result<OutputFile> part(const OutputTarget& target);
    // A file that others cannot find until put_in_place().
    static Result<OutputFile> hidden(const OutputTarget& target);
    // A file without a name, in the folder for temporary files.
    static Result<OutputFile> temporary();

    Status append(std::initializer_list<std::span<const std::byte>> parts);
    Status sync();
    // Gives the file the target's name. A target that is no file is closed. No append() may follow.
    Status put_in_place();
    // Removes a .part file.
    void discard();
    // A second descriptor of the file, for reading it back. Only for a regular file.
    Result<Fd> reopened() const;

    bool regular() const { return regular_; }
    int fd() const { return file_ ? file_->fd() : other_.get(); }
    std::uint64_t free_bytes() const; // in its file system; 0: unknown

    std::uint64_t size() const { return size_; }
    std::string path() const { return file_ ? file_->path() : path_; } // its present name, with the folder

private:
    OutputFile(std::string path, std::optional<NewFile> file, Fd fd, bool regular)
        : path_(std::move(path)), file_(std::move(file)), other_(std::move(fd)), regular_(regular) {}
    tl::unexpected<Error> failed(int error_number) const;

    std::string path_; // of the target
    std::optional<NewFile> file_;
    Fd other_; // used if there is no file_
    bool regular_ = false;
    std::uint64_t size_ = 0;
};

} // namespace rcuscope
