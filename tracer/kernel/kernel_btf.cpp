// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/kernel_btf.hpp"

#include <algorithm>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>

#include "base/file.hpp"

namespace rcuscope {

namespace {

constexpr std::string_view tracepoint_prefix = "btf_trace_"; // prefix of the typedef of a tracepoint's prototype
constexpr int max_depth = 32;                                // of types within types; damaged BTF may have a circle

std::string_view name_of(const btf& types, const btf_type& type) {
    return btf__name_by_offset(&types, type.name_off);
}

bool is_qualifier(const btf_type& type) {
    return btf_is_const(&type) || btf_is_volatile(&type) || btf_is_restrict(&type) || btf_is_type_tag(&type);
}

// BTF names integers in the order of gcc.
std::string integer_text(std::string_view name) {
    if (name == "long unsigned int")
        return "unsigned long";
    if (name == "long int")
        return "long";
    return std::string(name);
}

const btf_type* resolved(const btf& types, std::uint32_t id) {
    const btf_type* type = btf__type_by_id(&types, id);
    for (int depth = 0; type && depth < max_depth && (btf_is_typedef(type) || is_qualifier(*type)); depth++)
        type = btf__type_by_id(&types, type->type);
    return type;
}

// The type as the source declares it; typedefs keep their names.
std::string declared(const btf& types, std::uint32_t id, int depth = 0) {
    const btf_type* type = btf__type_by_id(&types, id);
    if (!type || btf_is_void(type) || depth > max_depth)
        return "void";
    if (is_qualifier(*type))
        return declared(types, type->type, depth + 1);
    if (btf_is_ptr(type)) {
        const std::string to = declared(types, type->type, depth + 1);
        return to + (to.ends_with("*") ? "*" : " *");
    }
    std::string name(name_of(types, *type));
    switch (btf_kind(type)) {
    case BTF_KIND_STRUCT:
        return "struct " + name;
    case BTF_KIND_UNION:
        return "union " + name;
    case BTF_KIND_FWD:
        return (btf_kflag(type) ? "union " : "struct ") + name;
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
        return "enum " + name;
    case BTF_KIND_FUNC_PROTO:
        return "function";
    case BTF_KIND_INT:
        return integer_text(name);
    default:
        return name;
    }
}

ValueType value_type(const btf& types, std::uint32_t id) {
    ValueType value;
    value.text = declared(types, id);
    const btf_type* type = resolved(types, id);
    if (!type || btf_is_void(type))
        return value;
    value.size = static_cast<std::uint32_t>(std::max<std::int64_t>(0, btf__resolve_size(&types, id)));
    if (btf_is_ptr(type)) {
        value.kind = ValueType::Kind::pointer;
        const btf_type* to = resolved(types, type->type);
        if (to && (btf_is_composite(to) || btf_is_fwd(to)))
            value.pointee = "struct " + std::string(name_of(types, *to));
    } else {
        const bool integer = btf_is_int(type) || btf_is_any_enum(type);
        value.kind = integer ? ValueType::Kind::integer : ValueType::Kind::other;
    }
    return value;
}

const btf_type* element(const btf& types, const btf_type* type) {
    for (int depth = 0; type && btf_is_array(type) && depth < max_depth; depth++)
        type = resolved(types, btf_array(type)->type);
    return type;
}

// The type of a member, also of one in a nameless structure or union within; nullopt: there is none.
std::optional<std::uint32_t> find_member(const btf& types, const btf_type* type, std::string_view name, int depth = 0) {
    if (!type || !btf_is_composite(type) || depth > max_depth)
        return std::nullopt;
    const btf_member* members = btf_members(type);
    for (int i = 0; i < btf_vlen(type); i++) {
        const std::string_view own = btf__name_by_offset(&types, members[i].name_off);
        if (own == name)
            return members[i].type;
        if (own.empty())
            if (auto found = find_member(types, resolved(types, members[i].type), name, depth + 1))
                return found;
    }
    return std::nullopt;
}

std::int32_t last_helper(const btf& types, const btf_type& enumeration) {
    std::int32_t last = 0;
    const struct btf_enum* values = ::btf_enum(&enumeration);
    for (int i = 0; i < btf_vlen(&enumeration); i++)
        if (std::string_view(btf__name_by_offset(&types, values[i].name_off)) != "__BPF_FUNC_MAX_ID")
            last = std::max(last, values[i].val);
    return last;
}

} // namespace

std::string Prototype::text() const {
    std::string all;
    for (const ValueType& each : parameters)
        all += (all.empty() ? "" : ", ") + each.text;
    return "(" + all + ")";
}

void FreeBtf::operator()(btf* types) const {
    btf__free(types);
}

KernelBtf::KernelBtf(btf* types) : types_(types) {
    const __u32 count = btf__type_cnt(types);
    for (__u32 id = 1; id < count; id++) {
        const btf_type* type = btf__type_by_id(types, id);
        std::string_view name = name_of(*types, *type);
        if (btf_is_func(type))
            functions_.emplace(name, id);
        else if (btf_is_composite(type) && !name.empty())
            structures_.emplace(name, id);
        else if (btf_is_typedef(type) && name.starts_with(tracepoint_prefix))
            tracepoints_.emplace(name.substr(tracepoint_prefix.size()), id);
        else if (btf_is_enum(type) && name == "bpf_func_id")
            last_helper_ = last_helper(*types, *type);
    }
}

Result<KernelBtf> KernelBtf::of_this_kernel() {
    libbpf_set_print(nullptr); // errors are reported below
    btf* types = btf__load_vmlinux_btf();
    if (!types)
        return fail(ExitCode::cannot_here, "cannot find the kernel's own type information",
                    "there is no readable /sys/kernel/btf/vmlinux",
                    "rcuscope needs a kernel built with CONFIG_DEBUG_INFO_BTF=y, as distributions' kernels are");
    return KernelBtf(types);
}

Result<KernelBtf> KernelBtf::parse(std::string_view bytes) {
    libbpf_set_print(nullptr);
    btf* types = btf__new(bytes.data(), static_cast<__u32>(bytes.size()));
    if (!types)
        return fail(ExitCode::bad_input, "cannot read a kernel's type information", errno_text(errno),
                    "the bytes must be in BTF's format");
    return KernelBtf(types);
}

std::size_t KernelBtf::tracepoint_parameters(std::string_view name) const {
    const auto found = tracepoints_.find(name);
    if (found == tracepoints_.end())
        return 0;
    const btf_type* pointer = resolved(*types_, found->second);
    const btf_type* prototype = pointer && btf_is_ptr(pointer) ? resolved(*types_, pointer->type) : nullptr;
    return prototype && btf_is_func_proto(prototype) ? btf_vlen(prototype) : 0;
}

std::optional<Prototype> KernelBtf::prototype(std::string_view function) const {
    const auto found = functions_.find(function);
    if (found == functions_.end())
        return std::nullopt;
    const btf_type* type = btf__type_by_id(types_.get(), btf__type_by_id(types_.get(), found->second)->type);
    if (!type || !btf_is_func_proto(type))
        return std::nullopt;
    Prototype prototype;
    prototype.result = value_type(*types_, type->type);
    const btf_param* parameters = btf_params(type);
    for (int i = 0; i < btf_vlen(type); i++)
        prototype.parameters.push_back(value_type(*types_, parameters[i].type));
    return prototype;
}

Presence KernelBtf::member(std::string_view structure, const std::vector<std::string>& path,
                           std::optional<MemberKind> kind) const {
    const auto found = structures_.find(structure);
    if (found == structures_.end())
        return Presence::no_type;
    std::uint32_t id = found->second;
    for (const std::string& name : path) {
        const auto member = find_member(*types_, element(*types_, resolved(*types_, id)), name);
        if (!member)
            return Presence::no_member;
        id = *member;
    }
    return !kind || kind_of(*types_, id) == *kind ? Presence::present : Presence::other_kind;
}

MemberKind KernelBtf::kind_of(const btf& types, std::uint32_t id) {
    const btf_type* type = element(types, resolved(types, id));
    if (!type)
        return MemberKind::other;
    if (btf_is_composite(type))
        return MemberKind::composite;
    if (btf_is_int(type))
        return MemberKind::integer;
    if (btf_is_any_enum(type))
        return MemberKind::enumeration;
    if (btf_is_ptr(type))
        return MemberKind::pointer;
    return btf_is_float(type) ? MemberKind::floating : MemberKind::other;
}

} // namespace rcuscope
