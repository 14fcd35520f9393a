// SPDX-License-Identifier: BSD-2-Clause
#include "review/lines.hpp"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace rcuscope {

namespace {

// Only the debug information in the file itself is used; libdwfl searches no separate file.
int find_no_debuginfo(Dwfl_Module* /*module*/, void** /*user*/, const char* /*name*/, Dwarf_Addr /*base*/,
                      const char* /*file*/, const char* /*link*/, GElf_Word /*crc*/, char** /*found*/) {
    return -1;
}

const Dwfl_Callbacks offline_files = {
    .find_elf = nullptr,
    .find_debuginfo = find_no_debuginfo,
    .section_address = dwfl_offline_section_address, // assigns an address to each section; DWARF is relocated to it
    .debuginfo_path = nullptr,
};

} // namespace

struct Lines::Session {
    struct Closer {
        void operator()(Dwfl* session) const { dwfl_end(session); }
    };

    std::unique_ptr<Dwfl, Closer> dwfl{dwfl_begin(&offline_files)};
    Dwfl_Module* module = nullptr;
    Elf* placed = nullptr; // the file as libdwfl sees it, with section addresses
    GElf_Addr bias = 0;

    bool open(const KoElf& elf) {
        const int fd = elf.content() ? in_memory(*elf.content()) : ::open(elf.path().c_str(), O_RDONLY | O_CLOEXEC);
        if (!dwfl || fd < 0)
            return false;
        dwfl_report_begin(dwfl.get());
        module = dwfl_report_offline(dwfl.get(), elf.modinfo().name.c_str(), elf.path().c_str(), fd); // takes fd
        if (!module)
            ::close(fd);
        dwfl_report_end(dwfl.get(), nullptr, nullptr);
        placed = module ? dwfl_module_getelf(module, &bias) : nullptr;
        return placed != nullptr;
    }

    // libdwfl reads only files, so the content goes into a memfd.
    static int in_memory(const std::string& content) {
        const int fd = ::memfd_create("module", MFD_CLOEXEC);
        for (std::size_t done = 0; fd >= 0 && done < content.size();) {
            const ssize_t written = ::write(fd, content.data() + done, content.size() - done);
            if (written <= 0) {
                ::close(fd);
                return -1;
            }
            done += static_cast<std::size_t>(written);
        }
        return fd;
    }
};

Lines::Lines(const KoElf& elf) : elf_(elf) {}
Lines::~Lines() = default;

std::optional<SourceLine> Lines::at(const KoElf::SectionOffset& place) {
    if (!opened_) {
        opened_ = true;
        auto session = std::make_unique<Session>();
        if (elf_.section_named(".debug_line") && session->open(elf_))
            session_ = std::move(session);
    }
    if (!session_)
        return std::nullopt;
    GElf_Shdr header;
    Elf_Scn* section = elf_getscn(session_->placed, place.section);
    if (!section || !gelf_getshdr(section, &header))
        return std::nullopt;
    Dwfl_Line* line = dwfl_module_getsrc(session_->module, header.sh_addr + session_->bias + place.offset);
    int number = 0;
    const char* file = line ? dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr) : nullptr;
    if (!file || number <= 0)
        return std::nullopt;
    return SourceLine{file, static_cast<unsigned>(number)};
}

} // namespace rcuscope
