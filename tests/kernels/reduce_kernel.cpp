// SPDX-License-Identifier: BSD-2-Clause
//
// usage: reduce_kernel BTF KALLSYMS OBJECT TYPES SYMBOLS
// Writes the part of a kernel that decides which BPF programs fit it. To TYPES, from BTF: the prototypes of RCU's
// functions and of those that hooks name, tracepoints, and the structures whose names occur in OBJECT, the compiled
// programs. Structures that are only pointed to become declarations, others that are only embedded lose their members,
// and of enum bpf_func_id the last helper stays. To SYMBOLS, from KALLSYMS: the names of the same functions.
#include <bpf/btf.h>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "probes/resolver.hpp"
#include "probes/summary_hooks.hpp"

namespace {

bool is_wanted(const std::string& name, const std::set<std::string>& functions) {
    return functions.contains(name) || name.find("rcu") != std::string::npos;
}

class Reducer {
public:
    Reducer(const btf& from, std::set<std::string> structures, btf& to)
        : from_(from), structures_(std::move(structures)), to_(to) {}

    void reduce(const std::set<std::string>& functions, const std::set<std::string>& tracepoints) {
        const __u32 count = btf__type_cnt(&from_);
        std::set<std::string> seen; // libbpf takes the first function of a name
        for (__u32 id = 1; id < count; id++) {
            const btf_type* type = btf__type_by_id(&from_, id);
            const std::string name = name_of(*type);
            if (btf_is_func(type) && is_wanted(name, functions) && seen.insert(name).second)
                btf__add_func(&to_, name.c_str(), BTF_FUNC_STATIC, add(type->type));
            else if (btf_is_typedef(type) && tracepoints.contains(name))
                btf__add_typedef(&to_, name.c_str(), 0);
            else if (btf_is_composite(type) && structures_.contains(name))
                add(id);
            else if (btf_is_enum(type) && name == "bpf_func_id")
                add_last_value(*type, name);
        }
    }

private:
    std::string name_of(const btf_type& type) const { return btf__name_by_offset(&from_, type.name_off); }

    // The number in `to_` of a type of `from_`.
    int add(__u32 id) {
        if (id == 0)
            return 0;
        if (const auto known = added_.find(id); known != added_.end())
            return known->second;
        const int number = add_new(id, *btf__type_by_id(&from_, id));
        added_.emplace(id, number);
        return number;
    }

    int add_new(__u32 id, const btf_type& type) {
        const std::string name = name_of(type);
        if (btf_is_mod(&type))
            return add(type.type);
        switch (btf_kind(&type)) {
        case BTF_KIND_PTR:
            return btf__add_ptr(&to_, add_pointee(type.type));
        case BTF_KIND_TYPEDEF:
            return btf__add_typedef(&to_, name.c_str(), add(type.type));
        case BTF_KIND_ARRAY:
            return btf__add_array(&to_, add(btf_array(&type)->index_type), add(btf_array(&type)->type),
                                  btf_array(&type)->nelems);
        case BTF_KIND_STRUCT:
        case BTF_KIND_UNION:
            return add_structure(type, name);
        case BTF_KIND_ENUM:
        case BTF_KIND_ENUM64:
            return btf__add_enum(&to_, name.c_str(), type.size);
        case BTF_KIND_FUNC_PROTO:
            return add_prototype(type);
        case BTF_KIND_FWD:
            return declare(name, btf_kflag(&type));
        default:
            return btf__add_int(&to_, name.empty() ? "other" : name.c_str(),
                                static_cast<std::size_t>(btf__resolve_size(&from_, id)), 0);
        }
    }

    // A program reads a structure behind a pointer as a structure of its own.
    int add_pointee(__u32 id) {
        const btf_type* type = btf__type_by_id(&from_, id);
        while (id != 0 && btf_is_mod(type)) {
            id = type->type;
            type = btf__type_by_id(&from_, id);
        }
        if (id == 0 || !btf_is_composite(type))
            return add(id);
        return declare(name_of(*type), btf_is_union(type));
    }

    int declare(const std::string& name, bool is_union) {
        auto [known, added] = declared_.try_emplace(name, 0);
        if (added)
            known->second = name.empty() ? btf__add_struct(&to_, nullptr, 0)
                                         : btf__add_fwd(&to_, name.c_str(), is_union ? BTF_FWD_UNION : BTF_FWD_STRUCT);
        return known->second;
    }

    int add_structure(const btf_type& type, const std::string& name) {
        std::vector<int> types; // before the structure, whose members must follow it
        if (name.empty() || structures_.contains(name))
            for (int i = 0; i < btf_vlen(&type); i++)
                types.push_back(add(btf_members(&type)[i].type));
        const char* named = name.empty() ? nullptr : name.c_str();
        const int number =
            btf_is_union(&type) ? btf__add_union(&to_, named, type.size) : btf__add_struct(&to_, named, type.size);
        for (std::size_t i = 0; i < types.size(); i++) {
            const auto index = static_cast<__u32>(i);
            btf__add_field(&to_, btf__name_by_offset(&from_, btf_members(&type)[i].name_off), types[i],
                           btf_member_bit_offset(&type, index), btf_member_bitfield_size(&type, index));
        }
        return number;
    }

    int add_prototype(const btf_type& type) {
        std::vector<int> types;
        types.reserve(btf_vlen(&type));
        for (int i = 0; i < btf_vlen(&type); i++)
            types.push_back(add(btf_params(&type)[i].type));
        const int number = btf__add_func_proto(&to_, add(type.type));
        for (std::size_t i = 0; i < types.size(); i++)
            btf__add_func_param(&to_, btf__name_by_offset(&from_, btf_params(&type)[i].name_off), types[i]);
        return number;
    }

    void add_last_value(const btf_type& type, const std::string& name) {
        btf__add_enum(&to_, name.c_str(), type.size);
        std::string last_name;
        int last = 0;
        for (int i = 0; i < btf_vlen(&type); i++) {
            const std::string value = btf__name_by_offset(&from_, btf_enum(&type)[i].name_off);
            if (value != "__BPF_FUNC_MAX_ID" && btf_enum(&type)[i].val >= last) {
                last = btf_enum(&type)[i].val;
                last_name = value;
            }
        }
        btf__add_enum_value(&to_, last_name.c_str(), last);
    }

    const btf& from_;
    std::set<std::string> structures_;
    btf& to_;
    std::map<__u32, int> added_;
    std::map<std::string, int> declared_;
};

std::set<std::string> structures_of(const btf& object) {
    std::set<std::string> names;
    for (__u32 id = 1; id < btf__type_cnt(&object); id++) {
        const btf_type* type = btf__type_by_id(&object, id);
        const std::string_view name = btf__name_by_offset(&object, type->name_off);
        if (btf_is_composite(type) && !name.empty() && !name.starts_with("rs_"))
            names.emplace(name.substr(0, name.find(rcuscope::type_flavour)));
    }
    return names;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: reduce_kernel BTF KALLSYMS OBJECT TYPES SYMBOLS\n");
        return 2;
    }
    btf* kernel = btf__parse_raw(argv[1]);
    btf* object = btf__parse_elf(argv[3], nullptr);
    btf* reduced = btf__new_empty();
    if (!kernel || !object || !reduced) {
        std::fprintf(stderr, "reduce_kernel: cannot read %s\n", kernel ? argv[3] : argv[1]);
        return 1;
    }
    const auto functions = rcuscope::functions_named(rcuscope::hook_table());
    std::set<std::string> tracepoints;
    for (const std::string& name : rcuscope::tracepoints_named(rcuscope::hook_table()))
        tracepoints.insert("btf_trace_" + name);
    Reducer(*kernel, structures_of(*object), *reduced).reduce(functions, tracepoints);
    __u32 size = 0;
    const auto* bytes = static_cast<const char*>(btf__raw_data(reduced, &size));
    std::ofstream types(argv[4], std::ios::binary);
    types.write(bytes, size);

    std::set<std::string> symbols;
    std::ifstream kallsyms(argv[2]);
    for (std::string address, type, name, rest; kallsyms >> address >> type >> name; std::getline(kallsyms, rest))
        if (std::string_view("tTwW").find(type) != std::string_view::npos && is_wanted(name, functions))
            symbols.insert(name);
    std::ofstream names(argv[5]);
    for (const std::string& name : symbols)
        names << name << "\n";
    types.close();
    names.close();
    return types && names && !symbols.empty() ? 0 : 1;
}
