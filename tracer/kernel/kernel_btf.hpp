// SPDX-License-Identifier: BSD-2-Clause
//
// The type information (BTF) of a kernel: functions with their prototypes, tracepoints, members of structures, and
// helpers for BPF programs. Format: Documentation/bpf/btf.rst.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "base/seeded_hash.hpp"

struct btf;
struct btf_type;

namespace rcuscope {

// The type of a parameter or of a result.
struct ValueType {
    enum class Kind { none, integer, pointer, other };

    Kind kind = Kind::none;
    std::string text;       // as the kernel's source declares it, without qualifiers: "struct rcu_node *", "bool"
    std::uint32_t size = 0; // bytes
    std::string pointee;    // of a pointer, typedefs resolved: "struct rcu_node"; empty: void, or no named structure
};

struct Prototype {
    ValueType result;
    std::vector<ValueType> parameters;

    std::string text() const; // of the parameters: "(struct rcu_node *, unsigned long)"
};

// The kind of a member's type, as far as libbpf's relocation distinguishes it.
enum class MemberKind { composite, integer, enumeration, pointer, floating, other };

enum class Presence { present, no_type, no_member, other_kind };

struct FreeBtf {
    void operator()(btf* types) const;
};

class KernelBtf {
public:
    // Fails with ExitCode::cannot_here if the kernel has no BTF.
    static Result<KernelBtf> of_this_kernel();
    // `bytes` in BTF's format. Fails with ExitCode::bad_input.
    static Result<KernelBtf> parse(std::string_view bytes);

    bool has_tracepoint(std::string_view name) const { return tracepoints_.contains(name); }
    // The parameters of the tracepoint's programs, with the tracer's own data; BTF does not have their names.
    std::size_t tracepoint_parameters(std::string_view name) const;
    bool has_function(std::string_view name) const { return functions_.contains(name); }
    // If several functions have the name: of the one to which libbpf attaches.
    std::optional<Prototype> prototype(std::string_view function) const;
    // `path`: names of nested members, outermost first. Elements of arrays have no name. `kind`: of the last member's
    // type, or of its elements; none: any.
    Presence member(std::string_view structure, const std::vector<std::string>& path,
                    std::optional<MemberKind> kind) const;
    // `number`: enum bpf_func_id of the UAPI. A kernel without that enum is taken to have no helper.
    bool has_helper(std::int32_t number) const { return number <= last_helper_; }

    static MemberKind kind_of(const btf& types, std::uint32_t type);

private:
    using Names = std::unordered_map<std::string_view, std::uint32_t, SeededHash>;

    explicit KernelBtf(btf* types);

    std::unique_ptr<btf, FreeBtf> types_;
    Names functions_; // by name: the first one, as libbpf takes it
    Names structures_;
    Names tracepoints_;
    std::int32_t last_helper_ = 0;
};

} // namespace rcuscope
