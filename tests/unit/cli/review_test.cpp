// SPDX-License-Identifier: BSD-2-Clause
#include <cstdlib>
#include <gmock/gmock.h>
#include <sstream>

#include "base/file.hpp"
#include "cli/module_set.hpp"
#include "cli/program.hpp"
#include "cli/review_result.hpp"
#include "export/golden.hpp"
#include "kernel/packed.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Every form that a value can have. The first element of each list has a value in every member.
ReviewResult rich_review() {
    const CodePosition known{"put", ".text", 31, "mine.c", 12};
    const CodePosition nowhere{"", ".text", 4, "", 0};
    ModuleReading module;
    module.path = "build/mine.ko";
    module.name = "mine";
    module.release = "6.1.0-test";
    module.unloadable = true;
    DeferralSite site;
    site.place = known;
    site.called = "call_rcu";
    site.callbacks = {{CallbackOwner::module, "theirs", "other"},  {CallbackOwner::core, "mine_free", ""},
                      {CallbackOwner::init, "mine_init_free", ""}, {CallbackOwner::kernel, "kfree", ""},
                      {CallbackOwner::imported, "either", ""},     {CallbackOwner::unknown, "", ""}};
    DeferralSite jump;
    jump.place = nowhere;
    jump.flavour = Flavour::kfree_rcu;
    jump.called = "kvfree_call_rcu";
    jump.jump = true;
    module.deferrals = {site, jump};
    module.exit.function = "mine_exit";
    module.exit.waits = {
        {known, "unregister_pernet_subsys", WaitsFor::callbacks, Flavour::rcu, false, true, "rcu_barrier()", ""},
        {nowhere, "rtnl_unlock", WaitsFor::callbacks, Flavour::rcu, true, false, "rcu_barrier()", "only if needed"},
        {nowhere, "synchronize_srcu", WaitsFor::grace_period, Flavour::srcu, false, false, "", ""},
        {nowhere, "msleep", WaitsFor::other, Flavour::rcu, false, true, "", ""}};
    module.exit.indirect = 2;
    module.exit.indirect_example = "mine_exit+0x8";
    module.init.function = "mine_init";
    module.init.waits = {module.exit.waits[0]};
    module.not_followed = {"call_srcu", "queue_rcu_work"};
    Finding finding;
    finding.place = known;
    finding.sureness = Confidence::shown;
    finding.what = "nothing waits";
    finding.why = "the code allows nothing else";
    finding.remedy = "wait";
    Finding open;
    open.kind = FindingKind::lock_without_unlock;
    open.place = nowhere;
    open.what = "it may be";
    open.why = "it is not in the file";
    module.findings = {finding, open};
    ModuleReading quiet;
    quiet.path = "build/quiet.ko";
    quiet.name = "quiet";
    quiet.release = "6.1.0-test";
    return {{module, quiet}, {{"build/no.ko", "it is not an ELF file"}}, false};
}

template <typename Write>
std::string review_text(Write write) {
    std::ostringstream out;
    write(out);
    return out.str();
}

TEST(ReviewOutput, IsTheGoldenFiles) {
    expect_golden("review.txt", review_text([](std::ostream& out) { write_review_text(rich_review(), out); }));
    expect_golden("review.json", review_text([](std::ostream& out) { write_review_json(rich_review(), out); }));
}

int review(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"rcuscope", "review"});
    std::vector<char*> words;
    words.reserve(arguments.size());
    for (std::string& argument : arguments)
        words.push_back(argument.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = run_program(static_cast<int>(words.size()), words.data());
    testing::internal::GetCapturedStdout();
    testing::internal::GetCapturedStderr();
    return code;
}

const std::string samples = RCUSCOPE_SAMPLES_DIR;

TEST(ReviewCommand, FailOnMakesTheExitCode) {
    const std::string shown = samples + "/review_wrong_barrier_plain.ko";
    const std::string undecided = samples + "/review_pointer_plain.ko";
    const std::string none = samples + "/review_wrong_barrier_fix.ko";
    EXPECT_EQ(review({shown}), 0);
    EXPECT_EQ(review({shown, "--fail-on", "any"}), 1);
    EXPECT_EQ(review({shown, "--fail-on", "shown,wrong-barrier"}), 1);
    EXPECT_EQ(review({shown, "--fail-on", "no-barrier"}), 0);
    EXPECT_EQ(review({undecided, "--fail-on", "any"}), 0);
    EXPECT_EQ(review({undecided, "--fail-on", "no-barrier", "--fail-on", "cannot-tell"}), 1);
    EXPECT_EQ(review({none, "--fail-on", "cannot-tell"}), 0);
    EXPECT_EQ(review({none, "--fail-on", "nonsense"}), 2);
}

TEST(ReviewCommand, FilesBelowAFolderAreReadWhateverElseIsThere) {
    const TempDir dir;
    const std::string bytes = rcuscope::read_file(samples + "/review_wrong_barrier_plain.ko").value_or("");
    dir.write("a/mine.ko.xz", packed_xz(bytes));
    dir.write("b/readme.txt", "no module");
    EXPECT_EQ(review({dir.path()}), 0);
    EXPECT_EQ(review({dir.path(), "--fail-on", "any"}), 1);
    dir.write("b/damaged.ko", "no module");
    EXPECT_EQ(review({dir.path()}), 2) << "one was not read";
    EXPECT_EQ(review({dir.file("b/damaged.ko")}), 2);
    EXPECT_EQ(review({dir.file("b")}), 2);
    EXPECT_EQ(review({dir.file("none.ko")}), 2);
}

TEST(ReviewCommand, ANameIsLookedUpAmongInstalledModules) {
    const TempDir root;
    const std::string modules = "lib/modules/6.1.0-test/";
    const std::string file = root.write(modules + "kernel/some-module.ko",
                                        rcuscope::read_file(samples + "/review_wrong_barrier_plain.ko").value_or(""));
    root.write(modules + "modules.builtin", "kernel/built_in.ko\n");
    root.write(modules + "modules.order", "");
    const ModuleSet set{"6.1.0-test", root.path()};
    const auto why_not = [&](const std::string& name) {
        const auto found = find_modules({name}, set);
        return found ? "found" : found.error().why;
    };
    for (const bool installed : {false, true}) { // by the file names, and by depmod's lists
        if (installed)
            ASSERT_EQ(std::system(("/sbin/depmod -b " + root.path() + " 6.1.0-test").c_str()), 0) << "no depmod?";
        const auto found = find_modules({"some_module"}, set);
        ASSERT_TRUE(found) << found.error().why;
        ASSERT_EQ(found->size(), 1u);
        EXPECT_EQ(found->front().path, file);
        EXPECT_THAT(why_not("other_module"), HasSubstr("neither a file nor a module installed for kernel 6.1.0-test"));
    }
    EXPECT_THAT(why_not("built_in"), HasSubstr("the module is built into kernel 6.1.0-test"));
}

TEST(ReviewCommand, WhoExportsASymbolIsReadAboveTheModule) {
    const TempDir root;
    const std::string modules = "lib/modules/6.1.0-test/";
    root.write(modules + "modules.symbols", "# Aliases for symbols, used by symbol_request().\n"
                                            "alias symbol:theirs other_module\n");
    Exporters exporters;
    const ExporterOf of = exporters.of(root.path() + "/" + modules + "kernel/net/mine.ko");
    EXPECT_EQ(of("theirs"), "other_module");
    EXPECT_EQ(of("kfree"), "");
    EXPECT_EQ(exporters.of(root.path() + "/mine.ko")("theirs"), std::nullopt);
}

} // namespace
} // namespace rcuscope::test
