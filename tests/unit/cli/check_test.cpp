// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <filesystem>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "analysis/digest_json.hpp"
#include "analysis/runs.hpp"
#include "cli/check_result.hpp"
#include "cli/cli.hpp"
#include "export/golden.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;

// A recording with five hundred grace periods of about this length.
RunDigest slow_by(const std::string& name, double median_ms, std::uint64_t seed) {
    Chance chance(seed);
    RunDigest run = chance.run({.median_ms = median_ms, .between = 0.02, .events = 500});
    run.name = name;
    run.digest.tool_version = "test";
    const Histogram& durations = run.digest.durations["gp"];
    for (int i = 0; i < 5; ++i)
        run.digest.longest.push_back({durations.max() - i, "GP " + std::to_string(i + 1) + " took " +
                                                               std::to_string(durations.max() / 1'000'000) +
                                                               " ms: \x1b[31m<task> & \"co\" (7)"});
    return run;
}

std::string summary(const RunDigest& run) {
    std::ostringstream out;
    write_digest(run.digest, out);
    return out.str();
}

// Runs the command on its arguments, in a folder of its own.
class Check : public testing::Test {
protected:
    // Five summaries, "NAME-1.json" to "NAME-5.json".
    std::vector<std::string> five(const std::string& name, double median_ms, std::uint64_t seed) {
        std::vector<std::string> files;
        for (std::uint64_t i = 1; i <= 5; ++i)
            files.push_back(folder.write(name + "-" + std::to_string(i) + ".json",
                                         summary(slow_by(name, median_ms, 100 * seed + i))));
        return files;
    }

    // Returns the exit code.
    int check(std::vector<std::string> arguments) {
        CLI::App app;
        Outcome result = ExitCode::done;
        add_check(app, result);
        arguments.insert(arguments.begin(), "check");
        std::reverse(arguments.begin(), arguments.end()); // in CLI11's order
        error = {};
        testing::internal::CaptureStdout();
        try {
            app.parse(arguments);
        } catch (const CLI::ParseError& wrong) {
            result = fail(ExitCode::bad_input, "usage", wrong.what());
        }
        output = testing::internal::GetCapturedStdout();
        if (result)
            return static_cast<int>(*result);
        error = result.error();
        return static_cast<int>(error.code);
    }

    TempDir folder;
    std::string output;
    Error error;
};

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::vector<std::string> against(const std::vector<std::string>& base) {
    std::vector<std::string> arguments;
    for (const std::string& file : base)
        arguments.insert(arguments.end(), {"--baseline", file});
    return arguments;
}

TEST_F(Check, ExitCodesSayWhatItIs) {
    const auto base = five("base", 8, 1);
    const auto same = five("same", 8, 2);
    const auto slow = five("slow", 16, 3);
    EXPECT_EQ(check(same + against(base)), 0);
    EXPECT_THAT(output, HasSubstr("Passed: same\n"));
    EXPECT_EQ(check(slow + against(base)), 1);
    EXPECT_THAT(output, HasSubstr("Failed: worse: gp.p50, gp.p99\n"));
    EXPECT_THAT(output, HasSubstr(".json: GP 1 took "));
    EXPECT_EQ(output.find('\x1b'), std::string::npos)
        << "no terminal, no colours; and what the kernel says steers none";
    EXPECT_EQ(check(base + against(slow)), 0);
    EXPECT_THAT(output, HasSubstr("Passed: better\n"));
    EXPECT_EQ(check({slow[0], "--budget", "gp.p50<50ms", "--budget", "hazards==0"}), 0);
    EXPECT_EQ(check({slow[0], "--budget", "gp.p50<10ms"}), 1);
    EXPECT_THAT(output, HasSubstr("Failed: over budget: gp.p50<10ms\n"));
}

TEST_F(Check, WhatIsNotKnownPassesUnlessStrict) {
    const auto base = five("base", 8, 1);
    const auto slow = five("slow", 16, 3);
    EXPECT_EQ(check({slow[0], "--baseline", base[0]}), 0);
    EXPECT_THAT(output, HasSubstr("\nPassed; with --strict it would fail: not enough data to tell: gp.p50, gp.p99\n"));
    EXPECT_EQ(check({slow[0], "--strict", "--baseline", base[0]}), 1);
    EXPECT_THAT(output, HasSubstr("Failed: not enough data to tell: gp.p50, gp.p99\n"));
    EXPECT_EQ(check({slow[0], "--budget", "reader.max<1s"}), 0);
    EXPECT_THAT(output, HasSubstr("the run has no data for it"));
    EXPECT_EQ(check({slow[0], "--budget", "reader.max<1s", "--strict"}), 1);
    EXPECT_THAT(output, HasSubstr("Failed: unknown: reader.max<1s\n"));
    RunDigest lossy = slow_by("lossy", 8, 9);
    lossy.digest.lost = 12;
    const std::string file = folder.write("lossy.json", summary(lossy));
    EXPECT_EQ(check({file, "--budget", "gp.p50<1s"}), 0);
    EXPECT_THAT(output, HasSubstr("12 events were lost"));
    EXPECT_EQ(check({file, "--budget", "gp.p50<1s", "--strict"}), 1);
}

TEST_F(Check, WhatCannotBeUsedIsNoPass) {
    const auto base = five("base", 8, 1);
    const std::string whole = summary(slow_by("x", 8, 1));
    for (const auto& [name, text] :
         {std::pair("empty", std::string()), std::pair("blank", std::string("\n \n")),
          std::pair("text", std::string("grace periods were fine")), std::pair("other", std::string("{}")),
          std::pair("cut", whole.substr(0, whole.size() / 2)), std::pair("capture", std::string("RCUSCOPE")),
          std::pair("array", std::string("[1, 2")), std::pair("zeros", std::string(4096, '\0'))}) {
        const std::string file = folder.write(name, text);
        EXPECT_EQ(check({file, "--budget", "gp.p50<1s"}), 2) << name;
        EXPECT_THAT(error.what + error.why, HasSubstr(name));
        EXPECT_EQ(check({base[0], "--baseline", file}), 2) << name;
    }
    EXPECT_EQ(check({folder.file("nowhere"), "--budget", "gp.p50<1s"}), 2);
    EXPECT_EQ(check({folder.path(), "--budget", "gp.p50<1s"}), 2);
    EXPECT_EQ(check({base[0], base[0], "--budget", "gp.p50<1s"}), 2);
    EXPECT_THAT(error.why, HasSubstr("are the same recording"));
    EXPECT_EQ(check(base + against(base)), 2);
}

TEST_F(Check, ARecordingThatWasCutOffIsNoPass) {
    RunDigest run = slow_by("cut", 8, 1);
    run.digest.complete = false;
    const std::string file = folder.write("cut.json", summary(run));
    EXPECT_EQ(check({file, "--budget", "gp.p50<1s"}), 2);
    EXPECT_EQ(error.why, "the recording was cut off");
    EXPECT_EQ(check({file, "--budget", "gp.p50<1s", "--allow-incomplete"}), 0);
    EXPECT_THAT(output, HasSubstr("it was cut off"));
}

TEST_F(Check, RefusesWhatCannotBeCompared) {
    const auto base = five("base", 8, 1);
    auto current = five("same", 8, 2);
    RunDigest other = slow_by("other", 8, 77);
    other.digest.host.cpus = 8;
    current[4] = folder.write("other.json", summary(other));
    EXPECT_EQ(check(current + against(base)), 2);
    EXPECT_THAT(error.why, HasSubstr("cpus is 2 in "));
    EXPECT_THAT(error.why, HasSubstr("8 in "));
    EXPECT_EQ(check(current + std::vector<std::string>{"--allow-different", "cpus"} + against(base)), 0);
    EXPECT_THAT(output, HasSubstr("differs (allowed): cpus is 2 in "));
    EXPECT_EQ(check(current + std::vector<std::string>{"--allow-different", "weather"} + against(base)), 2);
    // Limits are absolute values.
    EXPECT_EQ(check(current + std::vector<std::string>{"--budget", "gp.p50<1s"}), 0);
}

TEST_F(Check, WrongArgumentsAreSaidBeforeAnythingIsRead) {
    const std::vector<std::string> none{folder.file("nowhere")};
    const auto wrong = [&](const std::vector<std::string>& arguments) {
        EXPECT_EQ(check(none + arguments), 2);
        return error.what + ": " + error.why;
    };
    EXPECT_EQ(wrong({}), "nothing to check: neither a baseline nor a budget is given");
    EXPECT_THAT(wrong({"--budget", "gp.p99<50"}), HasSubstr("no unit"));
    EXPECT_THAT(wrong({"--budget", "gp"}), HasSubstr("is not a budget"));
    EXPECT_THAT(wrong({"--metric", "gp", "--budget", "hazards==0"}), HasSubstr("no baseline"));
    EXPECT_THAT(wrong({"--metric", "speed", "--baseline", "x"}), HasSubstr("'speed' is not a metric"));
    EXPECT_THAT(wrong({"--metric", "gp.max", "--baseline", "x"}), HasSubstr("only percentiles"));
    for (const char* effect : {"10", "ten%", "-5%", "0%", "nan%", "inf%", "%", "", "1e9%", "10%%"})
        EXPECT_THAT(wrong({"--min-effect", effect, "--baseline", "x"}), HasSubstr("--min-effect")) << effect;
    EXPECT_EQ(output, "");
    EXPECT_THAT(wrong({"--budget", "hazards==0", "--json", "-o", "-"}), HasSubstr("standard output"));
    EXPECT_THAT(wrong({"--budget", "hazards==0", "-o", "x.junit"}), HasSubstr("x.junit: the ending"));
}

// If the shell has expanded a pattern, no file must be taken for something else.
TEST_F(Check, ABaselineIsOneFileOrAPattern) {
    const auto base = five("base", 8, 1);
    const auto slow = five("slow", 16, 3);
    EXPECT_EQ(check(slow + std::vector<std::string>{"--baseline", folder.file("base-*.json")}), 1);
    EXPECT_THAT(output, HasSubstr("5 current with 5 baseline runs"));
    for (const auto& expanded :
         {slow + std::vector<std::string>{"--baseline"} + base, std::vector<std::string>{"--baseline"} + base + slow,
          std::vector<std::string>{slow[0], "--baseline", base[0], slow[1]}}) {
        EXPECT_EQ(check(expanded), 2);
        EXPECT_THAT(error.what, HasSubstr(" after a baseline"));
        EXPECT_THAT(error.hint, HasSubstr("quote a pattern"));
    }
    EXPECT_EQ(check({slow[0], "--baseline", folder.file("none-*.json")}), 2);
    EXPECT_EQ(error.why, "no file matches");
    // A file name with the characters of a pattern is a file name.
    const std::string odd = folder.write("[x]*.json", summary(slow_by("odd", 8, 1)));
    EXPECT_EQ(check({slow[0], "--baseline", odd}), 0);
    EXPECT_THAT(output, HasSubstr("1 current with 1 baseline runs"));
}

TEST_F(Check, AFlagTakesNoFile) {
    const auto slow = five("slow", 16, 3);
    const std::vector<std::string> budget{"--budget", "gp.p50<50ms"};
    EXPECT_EQ(check(budget + std::vector<std::string>{"--json"} + slow), 0);
    EXPECT_EQ(nlohmann::json::parse(output)["current"].size(), 5);
    // The syntax of earlier versions: nothing is written, and the hint shows the new syntax.
    const std::string earlier = folder.write("earlier.json", "{}");
    for (const std::string& file : {earlier, folder.file("new.json")}) {
        EXPECT_EQ(check({slow[0], "--budget", "gp.p50<50ms", "--json", file}), 2);
        EXPECT_EQ(error.hint, "--json takes no file: to write one, name it with -o " + file);
    }
    EXPECT_EQ(file_text(earlier), "{}");
    EXPECT_FALSE(std::filesystem::exists(folder.file("new.json")));
    EXPECT_EQ(check({slow[0], "--budget", "gp.p50<50ms", "--junit", earlier}), 2);
    EXPECT_THAT(error.why, HasSubstr("-o " + earlier));
    EXPECT_EQ(file_text(earlier), "{}");
}

TEST_F(Check, WritesForPrograms) {
    const auto base = five("base", 8, 1);
    const auto slow = five("slow", 16, 3);
    EXPECT_EQ(check(slow + std::vector<std::string>{"--json"} + against(base)), 1);
    const auto json = nlohmann::json::parse(output);
    EXPECT_EQ(json["comparison"]["verdict"], "worse");
    EXPECT_EQ(json["comparison"]["metrics"][0]["slower"]["of"], 252);
    const std::string file = folder.file("result.json");
    const std::string junit = folder.file("result.xml");
    const std::string text = folder.file("result.txt");
    const std::string page = folder.file("result.md");
    EXPECT_EQ(check(slow + std::vector<std::string>{"-o", file, "-o", junit, "-o", text, "-o", page} + against(base)),
              1);
    EXPECT_EQ(nlohmann::json::parse(file_text(file)), json);
    EXPECT_THAT(file_text(junit), HasSubstr("failures=\"2\""));
    EXPECT_EQ(file_text(text), output);
    EXPECT_THAT(file_text(page), HasSubstr("# rcuscope check: failed: worse: gp.p50, gp.p99\n"));
    EXPECT_EQ(check(slow + std::vector<std::string>{"-o", "-"} + against(base)), 1);
    EXPECT_EQ(output, file_text(text));
    // No file is written if not all can be.
    EXPECT_EQ(check(slow + std::vector<std::string>{"-o", folder.file("no/where.xml")} + against(base)), 2);
    EXPECT_FALSE(std::filesystem::exists(folder.file("no")));
}

// A CI system reads the files whatever the exit code was.
TEST_F(Check, FilesOfACheckThatFailsSaySo) {
    const std::string cut = folder.write("cut.rcu", "RCUSCOPE");
    const std::vector<std::string> files{"-o", folder.file("r.xml"), "-o", folder.file("r.json"),
                                         "-o", folder.file("r.txt"), "-o", folder.file("r.md")};
    for (const auto& wrong :
         {std::vector<std::string>{cut, "--budget", "gp.p50<1s"}, std::vector<std::string>{cut, "--budget", "gp.p50<1"},
          std::vector<std::string>{cut, "--baseline", folder.file("none-*.json")}}) {
        for (const char* name : {"r.xml", "r.json", "r.txt", "r.md"})
            folder.write(name, "passed");
        EXPECT_EQ(check(wrong + files + std::vector<std::string>{"--json"}), 2);
        EXPECT_THAT(file_text(folder.file("r.xml")), HasSubstr("errors=\"1\""));
        EXPECT_THAT(file_text(folder.file("r.xml")), HasSubstr("<error message=\""));
        const auto json = nlohmann::json::parse(file_text(folder.file("r.json")));
        EXPECT_EQ(json["passed"], false);
        EXPECT_EQ(json["error"]["what"], error.what);
        EXPECT_EQ(nlohmann::json::parse(output), json);
        EXPECT_THAT(file_text(folder.file("r.txt")), HasSubstr("No result: " + error.what));
        EXPECT_THAT(file_text(folder.file("r.md")), HasSubstr("# rcuscope check: no result\n"));
    }
}

TEST_F(Check, TheSameSummariesGiveTheSameBytes) {
    const auto base = five("base", 8, 1);
    const auto slow = five("slow", 9, 3);
    check(slow + against(base));
    const std::string once = output;
    check(slow + against(base));
    EXPECT_EQ(output, once);
}

// Every part that a result can have, with names that need escaping.
CheckResult rich_result(bool strict) {
    CheckResult result{
        .strict = strict, .current = {}, .baseline = {}, .differences = {}, .comparison = {}, .budgets = {}};
    const std::vector<double> slowed{16, 17, 18, 19, 20};
    for (std::uint64_t i = 0; i < 5; ++i) {
        result.baseline.push_back(slow_by("base-" + std::to_string(i + 1) + ".json", 8, 10 + i));
        result.current.push_back(
            slow_by("n\"o'w<&>\xef\xbf\xbf\x01-" + std::to_string(i + 1) + ".rcu", slowed[i], 20 + i));
        for (std::size_t event = 0; event < 30; ++event)
            for (RunDigest* run : {&result.baseline.back(), &result.current.back()})
                run->digest.durations["gp.expedited"].add(static_cast<Nanoseconds>(1000 * (1 + (event + i) % 7)));
        // So much noise that the verdict is unknown.
        for (RunDigest* run : {&result.baseline.back(), &result.current.back()})
            run->digest.durations["callback.latency"].add(Nanoseconds{1'000'000} << (3 * i), 300);
    }
    result.current[1].digest.host.kernel = "6.12.0-test";
    result.current[2].digest.lost = 3;
    result.current[3].digest.host.hz = 1000;
    std::vector<RunDigest> all = result.baseline;
    all.insert(all.end(), result.current.begin(), result.current.end());
    result.differences = differences(all);
    result.comparison = compare(result.current, result.baseline, result.options).value();
    for (const char* budget : {"gp.p99<50ms", "gp.p50<=17ms", "hazards==0", "reader.max<1s", "gp.count>=1"})
        result.budgets.push_back(judge(parse_budget(budget).value(), result.current));
    return result;
}

template <typename Write>
std::string written(Write write) {
    std::ostringstream out;
    write(out);
    return out.str();
}

TEST(CheckOutput, IsAsItWas) {
    expect_golden("check.txt", written([](std::ostream& out) { print_check(rich_result(false), false, out); }));
    expect_golden("check.json", written([](std::ostream& out) { write_check_json(rich_result(false), out); }));
    expect_golden("check.junit.xml", written([](std::ostream& out) { write_check_junit(rich_result(false), out); }));
    expect_golden("check.md", written([](std::ostream& out) { write_check_markdown(rich_result(false), out); }));
    const Error error{ExitCode::bad_input, "cannot read <now>.rcu", "it is \"cut\" & \x01\xff", "record it again"};
    expect_golden("check-failed.json", written([&](std::ostream& out) { write_failed_check(error, ".json", out); }));
    expect_golden("check-failed.junit.xml",
                  written([&](std::ostream& out) { write_failed_check(error, ".xml", out); }));
    expect_golden("check-strict.junit.xml",
                  written([](std::ostream& out) { write_check_junit(rich_result(true), out); }));
}

TEST(CheckOutput, ColoursVerdicts) {
    const std::string text = written([](std::ostream& out) { print_check(rich_result(false), true, out); });
    EXPECT_THAT(text, HasSubstr("\x1b[31mworse\x1b[0m"));
    EXPECT_THAT(text, HasSubstr("\x1b[32mkept\x1b[0m"));
}

} // namespace
} // namespace rcuscope::test
