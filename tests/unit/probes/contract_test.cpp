// SPDX-License-Identifier: BSD-2-Clause
#include "probes/contract.hpp"

#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <linux/bpf.h>
#include <string>
#include <utility>
#include <vector>

#include "probes/session.hpp"

namespace rcuscope::test {
namespace {

using testing::Contains;
using testing::Ge;
using testing::SizeIs;

// A kernel with
//     struct inner { unsigned long seq[4]; void *to; };
//     struct outer { struct inner in; union { int number; }; };
//     bool ask(struct outer *, unsigned long, handler_t);  typedef void (*handler_t)(void);
//     void say(void);
class SmallKernel {
public:
    SmallKernel() : types_(btf__new_empty()) {
        const int number = btf__add_int(types_, "int", 4, BTF_INT_SIGNED);
        const int word = btf__add_int(types_, "long unsigned int", 8, 0);
        const int boolean = btf__add_int(types_, "_Bool", 1, BTF_INT_BOOL);
        const int bool_type = btf__add_typedef(types_, "bool", boolean);
        const int any = btf__add_ptr(types_, 0);
        const int words = btf__add_array(types_, number, word, 4);
        const int inner = btf__add_struct(types_, "inner", 40);
        btf__add_field(types_, "seq", words, 0, 0);
        btf__add_field(types_, "to", any, 256, 0);
        const int nameless = btf__add_union(types_, nullptr, 4);
        btf__add_field(types_, "number", number, 0, 0);
        const int outer = btf__add_struct(types_, "outer", 48);
        btf__add_field(types_, "in", inner, 0, 0);
        btf__add_field(types_, nullptr, nameless, 320, 0);
        const int constant = btf__add_const(types_, outer);
        const int to_outer = btf__add_ptr(types_, constant);
        const int no_arguments = btf__add_func_proto(types_, 0);
        const int handler = btf__add_typedef(types_, "handler_t", btf__add_ptr(types_, no_arguments));
        const int asks = btf__add_func_proto(types_, bool_type);
        btf__add_func_param(types_, "of", to_outer);
        btf__add_func_param(types_, "mask", word);
        btf__add_func_param(types_, "then", handler);
        btf__add_func(types_, "ask", BTF_FUNC_STATIC, asks);
        btf__add_func(types_, "say", BTF_FUNC_STATIC, no_arguments);
        btf__add_enum(types_, "bpf_func_id", 4);
        btf__add_enum_value(types_, "BPF_FUNC_last", 100);
        btf__add_enum_value(types_, "__BPF_FUNC_MAX_ID", 101);
    }
    SmallKernel(const SmallKernel&) = delete;
    SmallKernel& operator=(const SmallKernel&) = delete;
    ~SmallKernel() { btf__free(types_); }

    KernelBtf parsed() const {
        __u32 size = 0;
        const auto* bytes = static_cast<const char*>(btf__raw_data(types_, &size));
        return *KernelBtf::parse({bytes, size});
    }

private:
    btf* types_; // written with libbpf
};

// Why a program with this row does not fit; empty: it fits.
std::string why(std::string_view function, std::string_view parameters, std::string_view result = "",
                const ProgramNeeds& needs = {}) {
    const std::vector<Hook> table{
        {.name = "hook", .alternatives = {{Way::fentry, {{"program", function, "", parameters, result}}}}}};
    const auto unfit = unfit_programs(table, {{"program", needs}}, SmallKernel().parsed());
    return unfit.empty() ? "" : unfit.at("program");
}

TEST(Contract, APrototypeMustBeTheExpectedOne) {
    EXPECT_EQ(why("ask", "(struct outer *of, unsigned long mask, void *then)", "(rs_raw_bool asked)"), "");
    EXPECT_EQ(why("ask", "(void *of, long mask, void *then)"), "") << "any pointer, an integer of the same size";
    EXPECT_EQ(why("ask", "(struct outer___new *of, unsigned long mask, int *then)"), "") << "a flavour, no structure";
    EXPECT_EQ(why("ask", "()", "(rs_raw_bool asked)"), "") << "the arguments are not read";
    EXPECT_EQ(why("ask", "", ""), "");
    const std::string takes = "ask() takes (struct outer *, unsigned long, handler_t) here, which this version of "
                              "rcuscope does not know";
    for (auto other : {"(struct outer *of, unsigned long mask)", "(struct inner *of, unsigned long mask, void *then)",
                       "(struct outer *of, int mask, void *then)", "(struct outer *of, rs_raw_bool mask, void *then)",
                       "(struct outer *of, void *mask, void *then)", "(int *of, unsigned long mask, void *then)",
                       "(unsigned long of, unsigned long mask, void *then)",
                       "(struct outer *of, unsigned long flags, unsigned long mask, void *then)"})
        EXPECT_EQ(why("ask", other), takes) << other;
    EXPECT_EQ(why("ask", "()", "(int asked)"), "ask() returns bool here, which this version of rcuscope does not know");
    EXPECT_EQ(why("say", "(int of)"), "say() takes () here, which this version of rcuscope does not know");
}

// A function whose arguments the compiler keeps elsewhere than the ABI says is not in BTF.
TEST(Contract, WithoutAPrototypeNoArgumentIsRead) {
    EXPECT_EQ(why("unknown", "(int of)"), "the kernel's BTF does not say what unknown() takes");
    EXPECT_EQ(why("unknown", "()"), "");
}

TEST(Contract, MembersMustBeThere) {
    const auto with = [](MemberNeed need) {
        return why("say", "()", "", {.members = {std::move(need)}, .helpers = {}});
    };
    EXPECT_EQ(with({"outer", {"in", "seq"}, MemberKind::integer}), "") << "elements of an array";
    EXPECT_EQ(with({"outer", {"in", "to"}, MemberKind::pointer}), "");
    EXPECT_EQ(with({"outer", {"in"}, MemberKind::composite}), "");
    EXPECT_EQ(with({"outer", {"number"}, MemberKind::integer}), "") << "in a union without a name";
    EXPECT_EQ(with({"outer", {}, std::nullopt}), "");
    EXPECT_EQ(with({"outer", {"in", "seq"}, MemberKind::composite}),
              "struct outer.in.seq has another type here, which this version of rcuscope does not know");
    EXPECT_EQ(with({"outer", {"in", "norm"}, MemberKind::integer}), "the kernel has no struct outer.in.norm");
    EXPECT_EQ(with({"other", {"in"}, MemberKind::integer}), "the kernel has no struct other");
}

TEST(Contract, HelpersMustBeThere) {
    EXPECT_EQ(why("say", "()", "", {.members = {}, .helpers = {1, 100}}), "");
    EXPECT_EQ(why("say", "()", "", {.members = {}, .helpers = {181}}), "the kernel has no BPF helper bpf_loop()");
}

TEST(Contract, DamagedTypesAreRefused) {
    EXPECT_FALSE(KernelBtf::parse(""));
    EXPECT_FALSE(KernelBtf::parse("not BTF at all, but long enough for a header"));
}

MemberNeed member(std::string structure, std::vector<std::string> path, MemberKind kind) {
    return {std::move(structure), std::move(path), kind};
}

TEST(ProgramNeeds, AreReadFromTheObject) {
    const auto needs = needs_of_programs();
    ASSERT_TRUE(needs) << needs.error().why;
    EXPECT_THAT(*needs, SizeIs(Ge(100u)));
    // Read by its own code, and by code that it calls.
    EXPECT_THAT(needs->at("quiescent_fentry").members, Contains(member("rcu_node", {"grplo"}, MemberKind::integer)));
    EXPECT_THAT(needs->at("call_rcu_fentry").members, Contains(member("task_struct", {"pid"}, MemberKind::integer)));
    EXPECT_THAT(needs->at("call_rcu_fentry").helpers, Contains(BPF_FUNC_get_func_arg));
    EXPECT_THAT(needs->at("accelerate_fexit").members, Contains(member("rcu_data", {"cpu"}, MemberKind::integer)));
}

TEST(ProgramNeeds, AMemberThatIsAskedForIsNotNeeded) {
    const auto needs = needs_of_programs();
    ASSERT_TRUE(needs);
    for (const auto& [program, of] : *needs)
        for (const MemberNeed& need : of.members) {
            EXPECT_EQ(need.structure.find("___"), std::string::npos) << program;
            EXPECT_NE(need.text(), "struct tick_sched.last_tick") << program;
        }
}

TEST(ProgramNeeds, AnotherFileIsRefused) {
    const std::string text = "no object";
    EXPECT_FALSE(read_program_needs(std::as_bytes(std::span(text))));
    EXPECT_FALSE(read_program_needs({}));
}

} // namespace
} // namespace rcuscope::test
