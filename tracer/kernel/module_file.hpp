// SPDX-License-Identifier: BSD-2-Clause
//
// The content of a module's .ko file that a recording needs: functions, the calls that open and close read-side
// critical sections, and the jumps to kernel functions that are recorded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "kernel/code_memory.hpp"
#include "kernel/function_places.hpp"

namespace rcuscope {

// The location of a probe in memory, and how the kernel sees it.
struct ProbedCode {
    bool init = false;       // in the memory that is freed once the module is initialised
    std::uint64_t place = 0; // offset in bytes from the beginning of its memory, which is the beginning of a page
    // The first byte there, or of_ftrace: the probe uses ftrace, or of_return: a jump to __x86_return_thunk, for which
    // the kernel may put a return.
    std::uint16_t opcode = 0;
    static constexpr std::uint16_t of_ftrace = 0x100;
    static constexpr std::uint16_t of_return = 0x101;
    std::optional<CodeRange> decoded; // CodeMemory::decoded_to_the_end()
};

struct KoFunction {
    std::string name;                  // as kallsyms will show it
    std::string section;               // ".text", ".init.text", ...
    std::uint64_t offset = 0;          // bytes, in the section
    std::uint64_t size = 0;            // bytes
    bool can_be_entered = true;        // false for a part that the compiler split off (".cold")
    bool notrace = false;              // kprobe events refuse it, as they refuse every __exit function
    bool unsafe = false;               // a probe at its entry can crash the kernel (kernel/code_memory.hpp)
    bool no_kprobe = false;            // the kernel refuses kprobes in it (NOKPROBE_SYMBOL)
    bool ambiguous = false;            // other symbols share its name, by which probes are placed
    const char* conflict = nullptr;    // text: it conflicts with another probe (probes/probe_conflicts.hpp)
    std::optional<ProbedCode> entry{}; // location of a probe at its entry
    // Instructions at which probes that do not use ftrace see its calls. Empty if none are certain.
    std::optional<FunctionPlaces> places{};
    std::vector<ProbedCode> code_of_places{}; // entry, then leaves

    // Why its entry cannot be probed, as text after its name and a colon. nullptr if it can be.
    const char* why_unseen() const;
    // Why it is notrace, as text after its name, as far as its section tells.
    const char* why_notrace() const;
};

// A call or tail call of __rcu_read_lock() or __rcu_read_unlock().
struct KoReadSite {
    bool lock = false;        // true: lock; false: unlock
    std::string function;     // the function that contains it
    std::uint64_t offset = 0; // bytes, of the instruction in the function
    ProbedCode code{};
};

// A tail call of a kernel function that defers work or waits. That function returns to the caller of the module's
// function, so its return address names that caller.
struct KoJump {
    std::string function;     // empty: it lies in no function
    std::uint64_t offset = 0; // bytes, of the instruction in the function, or in the section if `function` is empty
    std::string target;       // "call_rcu"
    std::string why_unseen;   // why it cannot be probed; empty: it can be
    ProbedCode code{};        // valid if `why_unseen` is empty
};

struct UnseenFunction {
    std::string name;
    std::string why;               // "several functions have that name"
    const char* notrace = nullptr; // KoFunction::why_notrace(), if that is the reason
};

struct ModuleFile {
    std::string path;
    std::string name;
    std::string release;  // of the kernel that it was built for (first word of vermagic)
    std::string build_id; // hex, empty if there is none
    std::string init_function;
    std::string exit_function;
    std::vector<KoFunction> functions;  // by section, then offset; one for each address
    std::vector<KoReadSite> read_sites; // by section, then offset
    // References to those two functions that cannot be probed: they are no plain call or jump, or lie in no function,
    // in a notrace function, or in a function or section that shares its name with another. Their number, and a text
    // about the first one.
    std::uint64_t unusable_sites = 0;
    std::string unusable_example;
    // Functions whose read sites are left out, because one of them cannot be probed. A function and the parts that the
    // compiler split off are left out together: one may open a section that the other closes.
    std::vector<UnseenFunction> unseen_readers;
    // Imported functions of the kinds of RCU that are not recorded, such as "call_srcu()", in the order of the table.
    std::vector<std::string> not_followed;
    std::vector<KoJump> jumps; // by section, then offset
    struct CodeSection {
        std::string name;
        std::uint64_t size = 0; // bytes
    };
    std::vector<CodeSection> code_sections; // only sections with a unique name

    // Moves the sites of these families of functions (family_of()) from read_sites to unseen_readers, with the reasons.
    void leave_readers_out(const std::map<std::string, const char*>& families);
};

// Why a probe is left out where KoFunction::unsafe or CodeMemory rules it out.
inline constexpr const char* unsafe_probe =
    "a probe there can make the kernel read beyond the end of the module's code, and die";

// Returns "read" for "read.part.0" and "read.cold".
std::string family_of(const std::string& function);

// Fails with ExitCode::bad_input if the file cannot be read or is no x86-64 kernel module.
Result<ModuleFile> read_module_file(const std::string& path);

} // namespace rcuscope
