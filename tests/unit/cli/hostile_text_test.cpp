// SPDX-License-Identifier: BSD-2-Clause
//
// Makes every text in a file hostile and checks every output of every command: no text may control a terminal, begin
// a line of its own, format Markdown, or be markup in HTML and XML. The texts in the JSON of captures and summaries
// are found by visiting all members, so that new ones are included.
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>

#include "analysis/digest_json.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "capture/support.hpp"
#include "capture/symbols.hpp"
#include "cli/harmless.hpp"
#include "cli/program.hpp"
#include "export/exporter.hpp"
#include "export/perfetto_reader.hpp"

namespace rcuscope::test {
namespace {

using namespace std::literals;
using Json = nlohmann::json;

// Texts that have a meaning in some output. The name of a task has room for fifteen bytes.
const std::vector<std::string> short_texts{"\x1b[31mred",
                                           "\nINJECTED",
                                           "@evil #1 !2",
                                           "<script>x",
                                           "|`*_[a](b)|",
                                           "]]>--><!--&",
                                           "https://evil.e",
                                           "www.evil.e",
                                           "\xff\xc2\x9b\xe2\x80\xae\xe2\x81\xa6z",
                                           "\xef\xbf\xbe\xef\xbf\xbf\x7f"};

// JSON contains only UTF-8.
std::string all_of_it() {
    std::string text = "x";
    for (const std::string& each : short_texts)
        text += " " + each;
    return valid_utf8(text + "\0nul\r\n\nINJECTED @evil"s + std::string(100, 'y'));
}

// ---- commands

struct Ran {
    int code = 0;
    std::string out;
};

// The text on standard error is always checked as output for a terminal.
Ran run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "rcuscope");
    std::vector<char*> argv;
    argv.reserve(arguments.size());
    for (std::string& argument : arguments)
        argv.push_back(argument.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Ran ran;
    ran.code = run_program(static_cast<int>(argv.size()), argv.data());
    ran.out = testing::internal::GetCapturedStdout();
    expect_lines_are_harmless(testing::internal::GetCapturedStderr());
    return ran;
}

using Expect = void (*)(const std::string&);

void look(const std::vector<std::string>& arguments, Expect expect) {
    const Ran ran = run(arguments);
    SCOPED_TRACE(arguments.front() + " " + arguments.back());
    EXPECT_LE(ran.code, 1);
    EXPECT_NE(ran.out, "");
    expect(ran.out);
}

std::string text_of_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// In every format that check writes.
void look_at_check(const std::vector<std::string>& arguments, const TempDir& folder) {
    look(arguments, expect_lines_are_harmless);
    for (const auto& [name, expect] :
         std::vector<std::pair<std::string, Expect>>{{"check.xml", expect_xml},
                                                     {"check.json", expect_json},
                                                     {"check.md", expect_markdown},
                                                     {"check.txt", expect_lines_are_harmless}}) {
        const std::string file = folder.file(name);
        auto with_file = arguments;
        with_file.insert(with_file.end(), {"-o", file});
        EXPECT_LE(run(with_file).code, 1);
        expect(text_of_file(file));
    }
}

void look_at_summary(const std::string& summary, const TempDir& folder) {
    look({"report", summary}, expect_lines_are_harmless);
    look({"report", "--markdown", summary}, expect_markdown);
    look_at_check({"check", summary, "--strict", "--budget", "gp.max<1ns", "--budget", "hazards==0", "--budget",
                   "reader.max<1s", "--allow-incomplete"},
                  folder);
}

void look_at_capture(const std::string& capture, const TempDir& folder) {
    look({"info", capture, "--long-reader", "1us", "--callback-flood", "1"}, expect_lines_are_harmless);
    look({"info", capture, "--json"}, expect_json);
    look({"report", capture}, expect_lines_are_harmless);
    look({"report", capture, "--markdown"}, expect_markdown);
    look({"report", capture, "--json"}, expect_json);
    look({"summarize", capture}, expect_json);
    const std::string summary = folder.file("summary.json");
    run({"summarize", capture, "-o", summary});
    look_at_summary(summary, folder);
    std::vector<std::pair<std::string, Expect>> exports{
        {"x.json", expect_json}, {"x.chrome.json", expect_json}, {"x.pftrace", expect_perfetto}};
    if (html_can_be_written())
        exports.emplace_back("x.html", expect_html);
    EXPECT_EQ(exports.size() + (html_can_be_written() ? 0 : 1), export_formats().size())
        << "an output is not looked at";
    for (const auto& [name, expect] : exports) {
        const std::string file = folder.file(name);
        EXPECT_EQ(run({"export", capture, "--addresses", "-o", file}).code, 0);
        expect(text_of_file(file));
    }
}

// ---- hostile files

// The value after it was read and written again; nullopt if it cannot be read.
using ReadBackJson = std::optional<Json> (*)(const Json&);

std::optional<Json> metadata_again(const Json& value) {
    const auto read = metadata_from_json(value);
    return read ? std::optional(to_json(*read)) : std::nullopt;
}

std::optional<Json> trailer_again(const Json& value) {
    const auto read = trailer_from_json(value);
    return read ? std::optional(to_json(*read)) : std::nullopt;
}

std::optional<Json> symbols_again(const Json& value) {
    for (const Json& symbol : value)
        for (const char* member : {"address", "name", "offset", "module"})
            if (!symbol.contains(member))
                return std::nullopt;
    return value;
}

std::optional<Json> digest_again(const Json& value) {
    const auto read = digest_from_json(value.dump(), "x");
    if (!read)
        return std::nullopt;
    std::ostringstream out;
    write_digest(*read, out);
    return Json::parse(out.str());
}

// Replaces every text by a hostile one if the value can still be read with it, and every member name that the reader
// keeps. Only words of a fixed set remain.
class Poisoner {
public:
    // `keep`: locations in the JSON whose texts stay unchanged.
    Poisoner(Json& whole, std::string with, ReadBackJson again, std::function<bool(const std::string&)> keep = {})
        : whole_(whole), with_(std::move(with)), again_(again), keep_(std::move(keep)) {}
    void poison() {
        visit(whole_, "");
        EXPECT_GT(changed_, 0U);
    }

private:
    void visit(Json& part, const std::string& place) {
        if (keep_ && keep_(place))
            return;
        if (part.is_string()) {
            Json before = std::exchange(part, with_);
            // Elements of an array are treated alike.
            const auto [known, first] = taken_.try_emplace(place, false);
            if (first)
                known->second = again_(whole_).has_value();
            if (known->second)
                ++changed_;
            else
                part = std::move(before);
        } else if (part.is_object()) {
            std::vector<std::string> names;
            for (const auto& [name, value] : part.items())
                names.push_back(name);
            std::string member = place + ".";
            const std::size_t before = member.size();
            for (const std::string& name : names) {
                member.replace(before, std::string::npos, name);
                visit(part[name], member);
                rename(part, name, place);
            }
        } else if (part.is_array()) {
            for (Json& element : part)
                visit(element, place + "[]");
        }
    }
    void rename(Json& object, const std::string& name, const std::string& place) {
        const auto [known, first] = taken_.try_emplace(place + "." + name + ":", false);
        if (!first && !known->second)
            return;
        const Json before = object;
        object[with_ + name] = object[name];
        object.erase(name);
        if (first) {
            const auto again = again_(whole_);
            known->second = again && again->dump().find(Json(with_ + name).dump()) != std::string::npos;
        }
        if (!known->second)
            object = before;
    }

    Json& whole_;
    std::string with_;
    ReadBackJson again_;
    std::function<bool(const std::string&)> keep_;
    std::map<std::string, bool> taken_; // whether the reader accepts hostile text there
    std::size_t changed_ = 0;
};

// A real recording with hostile text in the JSON of each chunk.
std::string poisoned(const std::string& recording, const std::string& with, const TempDir& folder,
                     const std::function<bool(const std::string&)>& keep = {}) {
    const Bytes file = read_file(RCUSCOPE_SOURCE_DIR "/tests/viz/recordings/" + recording + ".rcu");
    Bytes made(file.begin(), file.begin() + sizeof(FileHeader));
    for (std::size_t at = sizeof(FileHeader); at + sizeof(ChunkHeader) <= file.size();) {
        ChunkHeader header{};
        std::memcpy(&header, &file[at], sizeof header);
        const auto chunk = std::span(file).subspan(at, sizeof header + header.stored);
        at += chunk.size();
        const auto type = static_cast<ChunkType>(header.type);
        if (type == ChunkType::events) {
            append(made, chunk);
            continue;
        }
        Bytes payload(chunk.begin() + sizeof header, chunk.end());
        if ((header.flags & chunk_compressed) != 0) {
            payload.resize(header.size);
            EXPECT_TRUE(Decompressor().decompress(chunk.subspan(sizeof header), payload));
        }
        Json value = parse_json(payload);
        Poisoner(value, with,
                 type == ChunkType::metadata  ? metadata_again
                 : type == ChunkType::trailer ? trailer_again
                                              : symbols_again,
                 keep)
            .poison();
        append(made, chunk_of(type, bytes_of_text(dump_json(value))));
    }
    // The name of a file may be anything, too.
    std::string path = folder.file("\x1b[31m\nINJECTED @evil <script>x.rcu");
    write_file(path, made);
    return path;
}

template <std::size_t size>
void put(char (&field)[size], const std::string& text) {
    std::memcpy(field, text.data(), std::min(text.size(), size - 1));
}

// A module that is freed too early, a long reader in it and the holder of a grace period, all with this name.
class MadeCapture {
public:
    MadeCapture(const std::string& path, const std::string& name) : name_(name) {
        Metadata metadata = metadata_of_cpus(2);
        metadata.host.preempt_rcu = true;
        metadata.command = {name};
        metadata.followed = {name};
        metadata.probes = {{name, name, name}, {"module.readers", "kprobe", "x"}};
        metadata.missing = {{name, name}};
        metadata.modules = {{name, name, "", name, name, {{name, ".text", 0, 64}, {name + "2", ".text", 64, 64}}}};
        metadata.sites = {{SiteKind::read_lock, name, name, 16}, {SiteKind::read_unlock, name, name, 32}};
        auto writer = capture_at(path, metadata);
        EXPECT_TRUE(writer);
        writer_ = &*writer;
        const std::vector<SymbolInfo> symbols{{kernel, name, 4, ""}, {kernel + 64, name, 4, name}};
        EXPECT_TRUE(writer->symbols(symbols));
        events();
        Trailer trailer;
        trailer.end_ns = 900'000'000;
        trailer.reason = name;
        trailer.hits = {{name, name, 7, 2}};
        trailer.fired = FiredTrigger{name, name, FiredOn::grace_period, 5, 100'000'000, 500'000'000};
        trailer.stats = RunStats{{{name, name, 3, 3000}}, 1000};
        EXPECT_TRUE(writer->finish(trailer));
    }

private:
    static constexpr std::uint64_t kernel = 0xffffffff81000000;
    static constexpr std::uint64_t module = 0xffffffffc0000000;

    template <typename Record>
    void send(const Record& record) {
        EXPECT_TRUE(writer_->record(0, bytes_of(record)));
    }
    void task(std::uint32_t tid) {
        rs_task task{header_of(RS_TASK, 1, 0, tid), tid, 0, {}};
        put(task.comm, name_);
        send(task);
    }
    void step(rs_module_step step, rs_u64 ns, rs_s32 ret = 0) {
        rs_module record{header_of(RS_MODULE, ns, step), module, 128, ret, {}};
        put(record.name, name_);
        send(record);
    }
    void pending(rs_module_step step, rs_u64 ns) {
        rs_module_pending record{header_of(RS_MODULE_PENDING, ns, step), 1, {}};
        put(record.name, name_);
        send(record);
    }
    void events() {
        task(7);
        task(8);
        step(RS_MODULE_COMING, 1'000'000);
        rs_module_section section{header_of(RS_MODULE_SECTION, 1'000'001), module, {}, {}};
        put(section.module, name_);
        put(section.section, ".text");
        send(section);
        step(RS_MODULE_INIT_DONE, 2'000'000);
        step(RS_MODULE_LIVE, 2'100'000);
        send(rs_site{header_of(RS_SITE, 3'000'000), module + 16});
        send(rs_gp_start{header_of(RS_GP_START, 100'000'000), 5, 99'999'000});
        rs_gp_blocked blocked{header_of(RS_GP_BLOCKED, 200'000'000), 5, 7, 0, {}};
        put(blocked.comm, name_);
        send(blocked);
        send(rs_cb_queued{header_of(RS_CB_QUEUED, 210'000'000), 0x1000, module + 64, module + 8});
        send(rs_kvfree{header_of(RS_KVFREE, 215'000'000), 0x2000, module + 8});
        send(rs_wait{header_of(RS_WAIT_BEGIN, 220'000'000, RS_WAIT_SYNCHRONIZE_RCU, 8), kernel + 64});
        send(rs_wait{header_of(RS_WAIT_END, 230'000'000, RS_WAIT_SYNCHRONIZE_RCU, 8), 0});
        send(rs_site{header_of(RS_SITE, 490'000'000), module + 32});
        send(rs_gp{header_of(RS_GP_END, 500'000'000), 5});
        send(rs_cb_queued{header_of(RS_CB_QUEUED, 510'000'000, 0, 8), 0x3000, kernel, kernel + 64});
        step(RS_MODULE_UNLOADING, 600'000'000);
        step(RS_MODULE_FREEING, 610'000'000);
        pending(RS_MODULE_FREEING, 610'000'001);
        step(RS_MODULE_FREED, 620'000'000);
        pending(RS_MODULE_FREED, 620'000'001);
    }

    std::string name_;
    CaptureWriter* writer_ = nullptr;
};

TEST(HostileText, OfTasksAndModulesIsHarmless) {
    auto names = short_texts;
    names.emplace_back(5000, 'y');
    for (const std::string& name : names) {
        SCOPED_TRACE(printable(name));
        const TempDir folder;
        const std::string path = folder.file(printable(name) == name ? "plain.rcu" : name + ".rcu");
        const MadeCapture made(path, name);
        look_at_capture(path, folder);
    }
}

TEST(HostileText, OfARealRecordingsJsonIsHarmless) {
    const TempDir folder;
    look_at_capture(poisoned("demo", all_of_it(), folder), folder);
}

// These names link what is said of a module to its events, so they stay unchanged.
TEST(HostileText, BesideAModuleThatIsKnownIsHarmless) {
    const TempDir folder;
    const auto keep = [](const std::string& place) {
        return place == ".followed[]" || place == ".modules[].name" || place == ".sites[].module" ||
               place == ".modules[].functions[].section" || place == "[].module";
    };
    look_at_capture(poisoned("demo", all_of_it(), folder, keep), folder);
}

TEST(HostileText, OfASummaryIsHarmless) {
    const TempDir folder;
    const MadeCapture made(folder.file("a.rcu"), "plain");
    run({"summarize", folder.file("a.rcu"), "-o", folder.file("a.json")});
    Json summary = Json::parse(text_of_file(folder.file("a.json")));
    Poisoner(summary, all_of_it(), digest_again).poison();
    look_at_summary(folder.write("\x1b[2J\nINJECTED @evil.json", summary.dump()), folder);
}

std::string with_other_name(std::string file, const std::string& name, std::string other) {
    other.resize(name.size(), 'x');
    for (auto at = file.find(name); at != std::string::npos; at = file.find(name, at + name.size()))
        file.replace(at, name.size(), other);
    return file;
}

// The author of a module chooses the names of its functions, its sources and their folder.
TEST(HostileText, OfAModuleFileIsHarmless) {
    for (const std::string& module : {"a_named_module"s, "a_named_callback"s}) {
        const std::string file = text_of_file(RCUSCOPE_SAMPLES_DIR "/review_" + module + "_plain.ko");
        ASSERT_NE(file, "");
        for (const std::string& text : short_texts) {
            SCOPED_TRACE(module + " " + printable(text));
            std::string made = file;
            for (const std::string& name :
                 {"a_function_that_is_named"s, "/tests/unit/review/modules"s, "locks.c"s, "wrong_barrier.c"s})
                made = with_other_name(made, name, text);
            const TempDir folder;
            const std::string path = folder.write(printable(text) == text ? "plain.ko" : text + ".ko", made);
            look({"review", path}, expect_lines_are_harmless);
            look({"review", path, "--json"}, expect_json);
            EXPECT_EQ(run({"review", path, "--fail-on", "any"}).code, 1) << "there is nothing to name";
            folder.write("named.ko", with_other_name(file, module, text));
            // A name may have dots, but no other special character of these texts.
            EXPECT_EQ(run({"review", folder.file("named.ko")}).code, text.starts_with("www.") ? 0 : 2);
        }
    }
}

// An error about a file quotes text from the file.
TEST(HostileText, InAnErrorIsHarmless) {
    const TempDir folder;
    Json metadata = to_json(metadata_of_cpus(1));
    metadata["host"]["settings"][all_of_it()] = 3;
    Bytes file = capture_beginning(folder, 1);
    file.resize(sizeof(FileHeader));
    append(file, chunk_of(ChunkType::metadata, bytes_of_text(dump_json(metadata))));
    const std::string path = folder.file("\x1b[2J\nINJECTED.rcu");
    write_file(path, file);
    for (const char* command : {"info", "report", "summarize"})
        EXPECT_EQ(run({command, path}).code, 2);
    EXPECT_EQ(run({"export", path, "-o", folder.file("x.json")}).code, 2);
    EXPECT_EQ(run({"check", path, "--budget", "hazards==0"}).code, 2);
    EXPECT_EQ(run({"open", "--port", "0", path}).code, 2);
    EXPECT_EQ(run({"info", path + "\x1b[2J\nINJECTED"}).code, 2);
    EXPECT_EQ(run({"info", "\x1b[2J\nINJECTED", "\x1b[2J"}).code, 2);
    EXPECT_EQ(run({"report", folder.write("x.json", "{\"schema\": \"\\u001b[2J\\nINJECTED\"}")}).code, 2);
}

} // namespace
} // namespace rcuscope::test
