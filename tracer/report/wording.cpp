// SPDX-License-Identifier: BSD-2-Clause
#include "report/wording.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include "base/seeded_hash.hpp"

namespace rcuscope {

namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view of_names = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.+$";

// The length of the unit of time, with its leading space, at the begin of `text`. 0: there is none.
std::size_t unit_length(std::string_view text) {
    constexpr std::array<std::string_view, 4> units = {" ns", " us", " ms", " s"};
    for (const std::string_view unit : units)
        if (text.starts_with(unit) && (text.size() == unit.size() || of_names.find(text[unit.size()]) == of_names.npos))
            return unit.size();
    return 0;
}

// The sentence with "#" in place of each number and its unit of time.
std::string wording_of(std::string_view sentence) {
    std::string wording;
    for (std::size_t at = 0; at < sentence.size();) {
        const bool begins =
            digits.find(sentence[at]) != digits.npos && (at == 0 || of_names.find(sentence[at - 1]) == of_names.npos);
        if (!begins) {
            wording += sentence[at++];
            continue;
        }
        at = std::min(sentence.find_first_not_of("0123456789.", at), sentence.size());
        at += unit_length(sentence.substr(at));
        wording += '#';
    }
    return wording;
}

} // namespace

std::vector<SameWording> by_wording(const std::vector<std::string>& sentences) {
    std::vector<SameWording> wordings;
    std::unordered_map<std::string, std::size_t, SeededHash> places;
    for (const std::string& sentence : sentences) {
        const auto [place, added] = places.try_emplace(wording_of(sentence), wordings.size());
        if (added)
            wordings.push_back({.first = sentence});
        wordings[place->second].count++;
    }
    std::stable_sort(wordings.begin(), wordings.end(),
                     [](const SameWording& a, const SameWording& b) { return a.count > b.count; });
    return wordings;
}

} // namespace rcuscope
