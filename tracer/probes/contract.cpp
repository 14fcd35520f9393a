// SPDX-License-Identifier: BSD-2-Clause
#include "probes/contract.hpp"

#include <algorithm>
#include <vector>

#include "base/trimmed.hpp"

namespace rcuscope {

namespace {

constexpr std::string_view unknown_here = " here, which this version of rcuscope does not know";

// The elements of "(A a, B *b)"; empty for "()" and "".
std::vector<std::string_view> elements_of(std::string_view list) {
    std::vector<std::string_view> all;
    if (list.size() < 2)
        return all;
    list = trimmed(list.substr(1, list.size() - 2));
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        all.push_back(trimmed(list.substr(0, comma)));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return all;
}

std::uint32_t size_of(std::string_view integer) {
    if (integer == "rs_raw_bool")
        return sizeof(bool);
    return integer.find("long") == std::string_view::npos ? sizeof(int) : sizeof(long);
}

// `declaration`: type and name, as hook_list.h has them.
bool matches(std::string_view declaration, const ValueType& type) {
    const std::size_t star = declaration.rfind('*');
    if (star == std::string_view::npos) {
        const std::size_t name = declaration.rfind(' ');
        return type.kind == ValueType::Kind::integer && type.size == size_of(declaration.substr(0, name));
    }
    if (type.kind != ValueType::Kind::pointer)
        return false;
    const std::string_view pointee = trimmed(declaration.substr(0, star));
    if (pointee.starts_with("struct "))
        return pointee.substr(0, pointee.find(type_flavour)) == type.pointee;
    return pointee == "void" || type.pointee.empty();
}

// Why the function's prototype is not the expected one; empty: it is.
std::string breach_of_prototype(const Program& program, const KernelBtf& kernel) {
    const auto parameters = elements_of(program.parameters);
    const auto result = elements_of(program.result);
    if (program.function.empty() || (parameters.empty() && result.empty()))
        return "";
    const std::string function(program.function);
    const auto prototype = kernel.prototype(function);
    if (!prototype)
        return "the kernel's BTF does not say what " + function + "() takes";
    if (!parameters.empty() && !std::equal(parameters.begin(), parameters.end(), prototype->parameters.begin(),
                                           prototype->parameters.end(), matches))
        return function + "() takes " + prototype->text() + std::string(unknown_here);
    if (!result.empty() && !matches(result.front(), prototype->result))
        return function + "() returns " + prototype->result.text + std::string(unknown_here);
    return "";
}

std::string breach_of_needs(const ProgramNeeds& needs, const KernelBtf& kernel) {
    for (const std::int32_t helper : needs.helpers)
        if (!kernel.has_helper(helper))
            return "the kernel has no BPF helper " + std::string(helper_name(helper)) + "()";
    for (const MemberNeed& member : needs.members)
        switch (kernel.member(member.structure, member.path, member.kind)) {
        case Presence::present:
            break;
        case Presence::no_type:
            return "the kernel has no struct " + member.structure;
        case Presence::no_member:
            return "the kernel has no " + member.text();
        case Presence::other_kind:
            return member.text() + " has another type" + std::string(unknown_here);
        }
    return "";
}

} // namespace

UnfitPrograms unfit_programs(std::span<const Hook> table, const std::map<std::string, ProgramNeeds>& needs,
                             const KernelBtf& kernel) {
    UnfitPrograms unfit;
    for (const Hook& hook : table)
        for (const Alternative& alternative : hook.alternatives)
            for (const Program& program : alternative.programs) {
                const std::string name(program.name);
                std::string why = breach_of_prototype(program, kernel);
                if (const auto found = needs.find(name); why.empty() && found != needs.end())
                    why = breach_of_needs(found->second, kernel);
                if (!why.empty())
                    unfit.emplace(name, std::move(why));
            }
    return unfit;
}

} // namespace rcuscope
