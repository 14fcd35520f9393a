// SPDX-License-Identifier: BSD-2-Clause
#include <gmock/gmock.h>

#include "cli/cli.hpp"
#include "cli/outputs.hpp"
#include "export/golden.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

void add_all(CLI::App& app, Outcome& result) {
    for (const auto add :
         {add_record, add_export, add_open, add_info, add_report, add_summarize, add_check, add_doctor})
        add(app, result);
}

// An option must not take the next argument as a second value: "-o run.json other.rcu" would overwrite a recording.
TEST(Options, TakeOneValueEach) {
    CLI::App app;
    Outcome result = ExitCode::done;
    add_all(app, result);
    std::size_t seen = 0;
    for (const CLI::App* command : app.get_subcommands({}))
        for (const CLI::Option* option : command->get_options()) {
            if (option->get_positional())
                continue;
            EXPECT_LE(option->get_items_expected_max(), 1) << command->get_name() << " " << option->get_name();
            EXPECT_FALSE(option->get_allow_extra_args()) << command->get_name() << " " << option->get_name();
            ++seen;
        }
    EXPECT_GT(seen, 50);
}

TEST(Options, JsonIsAFlagEverywhere) {
    CLI::App app;
    Outcome result = ExitCode::done;
    add_all(app, result);
    for (const char* name : {"info", "report", "check", "doctor"}) {
        const CLI::Option* const json = app.get_subcommand(name)->get_option("--json");
        EXPECT_EQ(json->get_items_expected_max(), 0) << name;
        EXPECT_NE(app.get_subcommand(name)->get_option_no_throw("--output"), nullptr) << name;
    }
}

class OutputFiles : public testing::Test {
protected:
    static Status write_nothing(const OutputTarget& target) {
        return fail(ExitCode::cannot_write, "cannot write " + target.path(), "no room");
    }
    static std::vector<OutputTarget> targets(const std::vector<std::string>& paths) {
        return resolve_outputs(paths, {}).value();
    }

    TempDir folder;
    const std::string a = folder.write("a.json", "earlier");
    const std::string b = folder.file("b.json");
};

TEST_F(OutputFiles, AreNewOrGone) {
    Outputs outputs(targets({a, b}));
    const Status written = outputs.write([&](const OutputTarget& target) {
        if (target.path() == a)
            return write_nothing(target);
        folder.write("b.json", "new");
        return Status();
    });
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().why, "no room; new: " + b + "; removed: " + a);
    EXPECT_FALSE(std::filesystem::exists(a));
    EXPECT_EQ(file_text(b), "new");
}

TEST_F(OutputFiles, AreGoneIfTheCommandFailed) {
    {
        Outputs outputs(targets({a, b, "-", "/dev/null"}));
        const auto error = outputs.give_up({ExitCode::bad_input, "cannot read x.rcu", "it is cut", ""});
        EXPECT_EQ(error.value().why, "it is cut; removed: " + a);
    }
    EXPECT_FALSE(std::filesystem::exists(a));
    EXPECT_TRUE(std::filesystem::exists(folder.path()));
    // The outputs are removed by an exception, too.
    folder.write("a.json", "earlier");
    testing::internal::CaptureStderr();
    { const Outputs outputs(targets({a})); }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "rcuscope: removed: " + a + "\n");
    EXPECT_FALSE(std::filesystem::exists(a));
}

TEST_F(OutputFiles, WhatIsNoneOfOursStays) {
    Outputs outputs(targets({a}));
    const Status written = outputs.write([](const OutputTarget& target) {
        return Status(fail(ExitCode::bad_input, "cannot write " + target.path(), "it is somebody else's"));
    });
    EXPECT_EQ(written.error().why, "it is somebody else's");
    EXPECT_EQ(file_text(a), "earlier");
}

TEST_F(OutputFiles, AllWrittenIsNothingToSay) {
    testing::internal::CaptureStderr();
    {
        Outputs outputs(targets({a}));
        EXPECT_TRUE(outputs.write([](const OutputTarget&) { return Status(); }));
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(file_text(a), "earlier");
}

TEST_F(OutputFiles, WhatCameMeanwhileStays) {
    {
        Outputs outputs(targets({a, b}));
        std::filesystem::rename(folder.write("new", "of another process"), a);
        folder.write("b.json", "of another process");
        const auto error = outputs.give_up({ExitCode::bad_input, "cannot read x.rcu", "it is cut", ""});
        EXPECT_EQ(error.value().why, "it is cut");
    }
    EXPECT_EQ(file_text(a), "of another process");
    EXPECT_EQ(file_text(b), "of another process");
}

// Tests the commands themselves.
TEST_F(OutputFiles, OfCommandsThatFailAreGone) {
    const std::string bad = folder.write("bad.rcu", "RCUSCOPE");
    for (const char* name : {"export", "report", "summarize", "info"}) {
        folder.write("a.json", "earlier");
        CLI::App app;
        Outcome result = ExitCode::done;
        add_all(app, result);
        std::vector<std::string> words{a, "-o", bad, name}; // in reverse order, as CLI11 expects
        app.parse(words);
        ASSERT_FALSE(result) << name;
        EXPECT_EQ(result.error().code, ExitCode::bad_input);
        EXPECT_THAT(result.error().why, HasSubstr("; removed: " + a)) << name;
        EXPECT_FALSE(std::filesystem::exists(a)) << name;
    }
}

} // namespace
} // namespace rcuscope::test
