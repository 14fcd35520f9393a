// SPDX-License-Identifier: BSD-2-Clause
//
// Resolves the path of an output. Other users may put a link, a pipe or a file in the way of a privileged process at
// any time. So this code resolves a path once, component by component, and opens each without following links. From
// then on the output is a name in a folder that is held open. The rules:
//
//   A symbolic link at the end is followed if the caller (caller.hpp) owns it.
//   A symbolic link before that is followed if the caller or root owns it. fs.protected_symlinks does not help here:
//   it covers the last component only, and only in sticky folders.
//   A folder may belong to any user. Its owner can remove the output, but cannot redirect it, and gets no more access
//   to its contents than other users.
//   An existing file is replaced and never written into. An existing device or named pipe must belong to the caller or
//   to root.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace rcuscope {

// Identifies a file, whatever its names are.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    static FileId of(const struct stat& status) { return {status.st_dev, status.st_ino}; }
    bool operator==(const FileId&) const = default;
};

class OutputTarget {
public:
    // Fails on a name that cannot be used and on a folder in which the caller can make no file, so that the command
    // fails before any work. The error is that of write_error.hpp, or ExitCode::bad_input.
    static Result<OutputTarget> resolve(const std::string& path);

    // True for a name in a folder, whose file is replaced. False for a device, a pipe, or an open descriptor ("-").
    bool is_file() const { return kind_ == Kind::file; }
    const std::string& path() const { return path_; }           // as the user wrote it
    const std::string& file_path() const { return file_path_; } // the same, or the target of a link at its end
    // For a file: the descriptor of its folder (O_PATH), and the file's name in that folder.
    int folder() const { return opened_->get(); }
    const std::string& name() const { return name_; }

    // For a file: the target in the same folder whose name has this suffix in addition.
    OutputTarget beside(const std::string& suffix) const;
    // For a target that is no file: opens it for writing. Fails on a pipe without a reader.
    Result<Fd> open() const;

    // Whether the file that resolve() found still exists under this name.
    bool is_there() const;
    // Removes that file. Returns false if this fails, and nothing if the file does not exist.
    std::optional<bool> remove_earlier() const;

    // Whether both name the same output.
    bool same_as(const OutputTarget& other) const;
    // Whether this target is that existing file, under any name.
    bool is(const FileId& file) const { return there_ == file; }

private:
    enum class Kind { file, opened, node };
    struct Walk;

    OutputTarget() = default;
    static Result<OutputTarget> resolve_opened(const std::string& path, int fd);

    Kind kind_ = Kind::file;
    std::string path_;
    std::string file_path_;
    std::string name_;
    std::shared_ptr<const Fd> opened_; // the folder, or for Kind::opened the descriptor itself
    FileId folder_id_;
    std::optional<FileId> there_; // the existing file; none for a device, to which several outputs may go
    mode_t type_ = 0;             // S_IFMT bits of the existing file, device or pipe
};

// Resolves the outputs of a command. Fails if a file is both input and output, or two outputs are the same file, under
// any names and links: one would destroy the other. Standard output counts as an output even if the command writes
// nothing to it. Call this before any input is read.
Result<std::vector<OutputTarget>> resolve_outputs(const std::vector<std::string>& outputs,
                                                  const std::vector<std::string>& inputs);

// Whether the path is "-", an open descriptor such as /dev/stdout, or a name directly in /dev. Files in folders of
// /dev, such as /dev/shm, are plain files.
bool names_a_device(std::string_view path);

} // namespace rcuscope
