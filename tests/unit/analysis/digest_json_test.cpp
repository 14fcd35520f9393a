// SPDX-License-Identifier: BSD-2-Clause
#include "analysis/digest_json.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "export/golden.hpp"
#include "export/rich_timeline.hpp"
#include "temp_dir.hpp"

namespace rcuscope::test {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

std::string text_of(const Digest& digest) {
    std::ostringstream out;
    write_digest(digest, out);
    return out.str();
}

std::string rich_text() {
    const Analysed timeline = rich_timeline();
    return text_of(digest_of(timeline, timeline.found, "1.2.3"));
}

// The reason of the refusal; "" if the text is accepted.
std::string refused_text(const std::string& text) {
    const auto digest = digest_from_json(text, "base.json");
    if (digest)
        return "";
    EXPECT_EQ(digest.error().code, ExitCode::bad_input);
    EXPECT_EQ(digest.error().what, "cannot read base.json");
    EXPECT_THAT(digest.error().why, testing::Not(HasSubstr("\n")));
    return digest.error().why;
}

// The refusal of the rich digest with one member set to another value.
std::string refusal_with(const std::string& pointer, const Json& value) {
    Json json = Json::parse(rich_text());
    json[Json::json_pointer(pointer)] = value;
    return refused_text(json.dump());
}

TEST(DigestJson, IsGolden) {
    expect_golden("summary.json", rich_text());
    expect_golden("summary-empty.json", text_of(digest_of({}, {}, "1.2.3")));
    Analysed nasty = nasty_timeline();
    nasty.found.holders[1]->text = nasty.found.hazards[0].text;
    expect_golden("summary-nasty.json", text_of(digest_of(nasty, nasty.found, "1.2.3")));
}

TEST(DigestJson, ReadsWhatItWrites) {
    for (const Analysed& timeline : {rich_timeline(), nasty_timeline(), Analysed()}) {
        const std::string text = text_of(digest_of(timeline, timeline.found, "1.2.3"));
        const auto back = digest_from_json(text, "it");
        ASSERT_TRUE(back) << back.error().why;
        EXPECT_EQ(text_of(*back), text) << "byte for byte";
    }
    const Analysed timeline = rich_timeline();
    const Digest before = digest_of(timeline, timeline.found, "1.2.3");
    const Digest after = *digest_from_json(rich_text(), "it");
    EXPECT_EQ(after.durations, before.durations);
    EXPECT_EQ(after.counts, before.counts);
    EXPECT_EQ(after.functions, before.functions);
    EXPECT_EQ(after.longest, before.longest);
    EXPECT_EQ(after.host.settings, before.host.settings);
    EXPECT_EQ(after.host.hz, 250U);
    EXPECT_EQ(after.recorded, before.recorded);
    EXPECT_EQ(after.lost, before.lost);
    EXPECT_TRUE(after.complete);
}

TEST(DigestJson, WhatWasNotLookedAtIsNull) {
    const Analysed timeline = rich_timeline();
    Digest digest = digest_of(timeline, timeline.found, "1.2.3");
    digest.durations.erase("reader");
    for (const char* name : {"hazards", "hazards.fatal", "hazards.latent", "hazards.warning", "backlog.max"})
        digest.counts.erase(name);
    const std::string text = text_of(digest);
    EXPECT_TRUE(Json::parse(text)["durations"]["reader"].is_null());
    EXPECT_TRUE(Json::parse(text)["counts"]["hazards"].is_null());
    const auto back = digest_from_json(text, "it");
    ASSERT_TRUE(back) << back.error().why;
    EXPECT_EQ(text_of(*back), text);
    EXPECT_FALSE(back->counts.contains("hazards"));
    EXPECT_FALSE(back->durations.contains("reader"));
}

TEST(DigestJson, EveryMemberMustBeThere) {
    const Json whole = Json::parse(rich_text());
    for (const auto& [name, member] : whole.items()) {
        Json less = whole;
        less.erase(name);
        EXPECT_EQ(refused_text(less.dump()).empty(), name == "functions") << name << ": older ones have none";
        if (!member.is_object())
            continue;
        for (const auto& [inner, value] : member.items()) {
            less = whole;
            less[name].erase(inner);
            const bool may_be_none = name == "host" && (inner == "hz" || inner == "settings");
            EXPECT_EQ(refused_text(less.dump()).empty(), may_be_none) << name << " " << inner;
        }
    }
    Json less = whole;
    less["durations"]["gp"].erase("sum_ns");
    EXPECT_EQ(refused_text(less.dump()), "durations.gp.sum_ns is missing");
}

TEST(DigestJson, MembersOfTomorrowAreIgnored) {
    Json more = Json::parse(rich_text());
    more["new"] = {{"a", 1}};
    more["counts"]["new"] = 3;
    more["host"]["settings"]["new"] = "x";
    EXPECT_EQ(text_of(*digest_from_json(more.dump(), "it")), rich_text());
}

TEST(DigestJson, RefusesWhatIsNoSummary) {
    EXPECT_EQ(refused_text(""), "it is empty");
    EXPECT_EQ(refused_text("[]"), "it is not an object");
    EXPECT_EQ(refused_text("{}"), "it does not name its schema: it is not a summary of rcuscope");
    EXPECT_EQ(refusal_with("/schema", "rcuscope.timeline/1"),
              "its schema is rcuscope.timeline/1: it is not a summary of rcuscope");
    EXPECT_EQ(refusal_with("/schema", "rcuscope.summary/2"),
              "its schema is rcuscope.summary/2, and this rcuscope reads rcuscope.summary/1");
    EXPECT_EQ(refusal_with("/schema", 1), "it does not name its schema: it is not a summary of rcuscope");
    EXPECT_EQ(refused_text("RCUSCOPE\x1a binary"), "it is not JSON, or was cut off");
    EXPECT_EQ(refused_text(rich_text() + "x"), "it is not JSON, or was cut off");
    EXPECT_EQ(refused_text("{\"schema\":\"\xff\"}"), "it is not JSON, or was cut off") << "not UTF-8";
}

TEST(DigestJson, RefusesWhatWasCutAnywhere) {
    const std::string whole = rich_text();
    const std::size_t end = whole.find_last_of('}');
    for (std::size_t size = 0; size <= end; size += 1 + size / 50)
        EXPECT_NE(refused_text(whole.substr(0, size)), "") << size;
}

TEST(DigestJson, RefusesDepthAndDoubles) {
    EXPECT_EQ(refused_text(std::string(100'000, '[')), "it is nested too deeply");
    std::string deep;
    for (int i = 0; i < 100'000; i++)
        deep += "{\"a\":";
    EXPECT_EQ(refused_text(deep), "it is nested too deeply");
    EXPECT_EQ(refused_text("{\"schema\":\"rcuscope.summary/1\",\"lost\":1,\"lost\":0}"),
              "it has the member lost twice in one object");
    std::string twice = rich_text();
    twice.insert(twice.find("\"min_ns\""), "\"count\":1,");
    EXPECT_EQ(refused_text(twice), "it has the member count twice in one object");
}

TEST(DigestJson, RefusesValuesThatAreNone) {
    EXPECT_EQ(refusal_with("/lost", -1), "lost is not a whole number in its range");
    EXPECT_EQ(refusal_with("/lost", 1e300), "lost is not a whole number in its range");
    EXPECT_EQ(refusal_with("/lost", "1"), "lost is not a whole number in its range");
    EXPECT_EQ(refusal_with("/recorded_ns", -1), "recorded_ns is negative");
    EXPECT_EQ(refusal_with("/complete", 1), "complete is neither true nor false");
    EXPECT_EQ(refusal_with("/host", 1), "host is not an object");
    EXPECT_EQ(refusal_with("/host/hz", 0), "host.hz is 0");
    EXPECT_EQ(refusal_with("/host/cpus", 8193), "host.cpus is more than Linux's limit of 8192");
    EXPECT_EQ(refusal_with("/host/settings/preemption", 1), "host.settings.preemption is not a string");
    EXPECT_EQ(refusal_with("/longest/0/duration_ns", 0.5), "longest[0].duration_ns is not a whole number in its range");
    std::string huge = rich_text();
    huge.replace(huge.find("\"lost\": 15"), 10, "\"lost\": 1e999");
    EXPECT_EQ(refused_text(huge), "it is not JSON, or was cut off");
}

TEST(DigestJson, RefusesWhatContradictsItself) {
    const auto gp = [](const char* member, const Json& value) {
        return refusal_with(std::string("/durations/gp/") + member, value);
    };
    const std::string itself = "durations.gp contradicts itself: ";
    EXPECT_EQ(gp("count", 2), itself + "count does not match its buckets");
    for (const char* member : {"min_ns", "max_ns", "sum_ns"})
        EXPECT_EQ(gp(member, 1), itself + "min_ns, max_ns or sum_ns does not match its buckets") << member;
    for (const Json& buckets : {Json{{3'000'001, 1}}, Json{{2'981'888, 0}}, Json::array(),
                                Json{{2'981'888, 18'446'744'073'709'551'615U}, {3'014'656, 2}}})
        EXPECT_THAT(gp("buckets", buckets), HasSubstr(itself)) << buckets;
    EXPECT_EQ(gp("buckets", Json{{2'981'888, 1}, {2'981'888, 1}}), "durations.gp.buckets are not in ascending order");
    for (const Json& buckets : {Json{Json{1}}, Json{{1, 1, 1}}, Json{{9'223'372'036'854'775'808U, 1}}})
        EXPECT_EQ(gp("buckets", buckets),
                  "durations.gp.buckets has an element that is not a pair of a duration and a count");
    EXPECT_THAT(gp("buckets", 1), HasSubstr("durations.gp.buckets is not an array"));

    const Json empty = Json::parse(rich_text())["durations"]["wait.rcu_barrier"];
    EXPECT_THAT(refusal_with("/counts/hazards", 4), HasSubstr("is not the sum of those by severity"));
    EXPECT_THAT(refusal_with("/counts/hazards.fatal", ~0ULL), HasSubstr("is not the sum of those by severity"));
    EXPECT_THAT(refusal_with("/counts/callbacks.queued", 2), HasSubstr("less than those pending and unknown"));
    EXPECT_THAT(refusal_with("/counts/callbacks.pending", 3), HasSubstr("more than the callbacks that were invoked"));
    EXPECT_THAT(refusal_with("/counts/backlog.max", 7), HasSubstr("more than counts.callbacks.queued"));
    EXPECT_THAT(refusal_with("/durations/callback.latency", empty), HasSubstr("not of the same callbacks"));
    EXPECT_THAT(refusal_with("/durations/callback.end", empty), HasSubstr("not of the same callbacks"));
    EXPECT_THAT(refusal_with("/functions/0/queued", 1), HasSubstr("functions do not add up"));
    EXPECT_THAT(refusal_with("/functions/0/queued", ~0ULL), HasSubstr("functions do not add up"));
    EXPECT_THAT(refusal_with("/functions/0/pending", 6), HasSubstr("functions do not add up"));
    EXPECT_EQ(refusal_with("/functions/0/invoked", 0),
              "functions[0] contradicts itself: more latencies than invocations");
    EXPECT_THAT(refusal_with("/functions/0/latency/count", 77),
                HasSubstr("functions[0].latency contradicts itself: count does not match its buckets"));
    EXPECT_THAT(refusal_with("/functions/0/latency", empty), HasSubstr("functions do not add up"));
    EXPECT_THAT(refusal_with("/longest/0/duration_ns", 3'000'001), HasSubstr("does not begin with the longest"));
    EXPECT_THAT(refusal_with("/longest/1/duration_ns", 3'000'001), HasSubstr("not sorted"));
    EXPECT_THAT(refusal_with("/longest", Json::array()), HasSubstr("does not have the five longest"));
}

TEST(DigestJson, SaysWhichFileCannotBeRead) {
    const TempDir folder;
    const auto missing = read_digest(folder.file("none.json"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ExitCode::bad_input);
    EXPECT_THAT(missing.error().what, HasSubstr("none.json"));
    const auto read = read_digest(folder.write("base.json", rich_text()));
    ASSERT_TRUE(read) << read.error().why;
    EXPECT_FALSE(read_digest(folder.path()));
}

} // namespace
} // namespace rcuscope::test
