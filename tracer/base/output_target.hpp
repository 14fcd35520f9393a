// SPDX-License-Identifier: BSD-2-Clause
//
// Where an output goes. A privileged process writes beside other users, who may put a link, a pipe or a file of
// theirs in the way, at any time. So a path is resolved once, by a walk of its own: each component is opened without
// following links. From then on the output is a name in a folder that is held open.
//
//   A link at the end is followed if the caller owns it.
//   A link before that is followed if the caller or root owns it. fs.protected_symlinks does not help here: it looks
//   at the last component only, and only in sticky folders.
//   Folders may be anybody's: their owner can take away what is put there, but sees no more of it, and sends it
//   nowhere else.
//   An existing target is a file, which is replaced and never written into; or a device, or a pipe with a name, of the
//   caller's or of root's.
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

// The same file has the same, whatever its names.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    static FileId of(const struct stat& status) { return {status.st_dev, status.st_ino}; }
    bool operator==(const FileId&) const = default;
};

class OutputTarget {
public:
    // Refuses a name that cannot be used, and a folder in which the caller can make no file, before any work is done.
    static Result<OutputTarget> resolve(const std::string& path);

    // A name in a folder: what is there is replaced. Else a device, a pipe, or what is open already ("-").
    bool is_file() const { return kind_ == Kind::file; }
    const std::string& path() const { return path_; }           // as it was named
    const std::string& file_path() const { return file_path_; } // the same, or where a link at its end has led
    // For a file: the descriptor of its folder (O_PATH), and its name in that folder.
    int folder() const { return opened_->get(); }
    const std::string& name() const { return name_; }

    // For a file: another name in the same folder, for a file beside it.
    OutputTarget beside(const std::string& suffix) const;
    // For a target that is no file: opens it for writing. A pipe that nobody reads is an error.
    Result<Fd> open() const;

    // Whether the file that was there when it was resolved still is.
    bool is_there() const;
    // Removes the file that was there when it was resolved, if it still is. False if that cannot be done; nothing if
    // there is none.
    std::optional<bool> remove_earlier() const;

    // Whether both are one output.
    bool same_as(const OutputTarget& other) const;
    // Whether it is this file, by whatever name.
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
    std::shared_ptr<const Fd> opened_; // the folder; or what it is
    FileId folder_id_;
    std::optional<FileId> there_; // what is there, unless that is a device, of which there may be several outputs
    mode_t type_ = 0;             // of a node
};

// The outputs of a command. Refuses one that is among its inputs, or twice among its outputs, by whatever names and
// links: one would destroy the other. Standard output may be an input, too, whether anything is to be written to it or
// not. To be called before anything is read.
Result<std::vector<OutputTarget>> resolve_outputs(const std::vector<std::string>& outputs,
                                                  const std::vector<std::string>& inputs);

// "-" and /dev/stdout, which are standard output, and what is in /dev. By the folder, as files in /dev/shm are plain
// files.
bool names_a_device(std::string_view path);

} // namespace rcuscope
