// SPDX-License-Identifier: BSD-2-Clause
#include "record/trigger.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "base/duration.hpp"

namespace rcuscope {

namespace {

enum class Limit : std::uint8_t { none, duration, count };

struct Word {
    std::string_view name;
    TriggerKind kind;
    Limit limit;
};
constexpr std::array<Word, 6> words{{{"gp", TriggerKind::grace_period, Limit::duration},
                                     {"callback", TriggerKind::callback, Limit::duration},
                                     {"reader", TriggerKind::reader, Limit::duration},
                                     {"pending", TriggerKind::pending, Limit::count},
                                     {"stall", TriggerKind::stall, Limit::none},
                                     {"hazard", TriggerKind::hazard, Limit::none}}};

Result<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t count = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || rest != text.data() + text.size())
        return fail(ExitCode::bad_input, "", "'" + std::string(text) + "' is not a number of callbacks");
    return count;
}

Result<std::uint64_t> parse_limit(Limit limit, std::string_view text) {
    if (limit == Limit::count)
        return parse_count(text);
    const auto duration = parse_duration(text);
    if (!duration)
        return fail(ExitCode::bad_input, "", duration.error().what + ": " + duration.error().why);
    return static_cast<std::uint64_t>(*duration);
}

} // namespace

Result<Trigger> parse_trigger(std::string_view text, bool stop) {
    const auto wrong = [text](const std::string& why) {
        return fail(ExitCode::bad_input, "'" + std::string(text) + "' is not a trigger", why,
                    "write gp>DURATION, callback>DURATION, reader>DURATION (such as gp>200ms), pending>COUNT, stall "
                    "or hazard, and quote it, because '>' is special in the shell");
    };
    const std::size_t sign = text.find('>');
    const std::string_view name = text.substr(0, sign);
    const auto* word = std::find_if(words.begin(), words.end(), [&](const Word& each) { return each.name == name; });
    if (word == words.end())
        return wrong("no trigger has this name");
    Trigger trigger{word->kind, 0, std::string(text), stop};
    if (word->limit == Limit::none)
        return sign == std::string_view::npos ? Result<Trigger>(trigger) : wrong("it takes no limit");
    if (sign == std::string_view::npos)
        return wrong("it has no limit");
    const auto limit = parse_limit(word->limit, text.substr(sign + 1));
    if (!limit)
        return wrong(limit.error().why);
    trigger.limit = *limit;
    return trigger;
}

} // namespace rcuscope
