// SPDX-License-Identifier: BSD-2-Clause
//
//   make_damaged captures|summaries|files COUNT FOLDER FILE...
//
// Writes COUNT damaged copies of the files into a folder, the same in each run. damaged_inputs.py gives them to every
// command of rcuscope. Captures are mutated as by the fuzzer (capture_mutator.cpp). In summaries the values change
// (summary_mutator.cpp), and in every second one also a number in the text. Other files change byte by byte.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "analysis/digest_json.hpp"
#include "fuzz.hpp"
#include "mutator.hpp"
#include "summary_mutator.hpp"

namespace {

using Data = std::vector<std::uint8_t>;

constexpr std::size_t max_file = 65535;

std::minstd_rand& random_numbers() {
    static std::minstd_rand numbers;
    return numbers;
}

std::size_t below(std::size_t limit) {
    return random_numbers()() % std::max<std::size_t>(limit, 1);
}

// Values that are likely to break code when used as lengths, counts or offsets.
template <typename Number>
Number harmful() {
    constexpr std::array<std::uint64_t, 10> numbers = {
        0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff};
    return static_cast<Number>(numbers[below(numbers.size())]);
}

template <typename Number>
void set_number(Data& data, std::size_t at) {
    const Number number = harmful<Number>();
    at -= at % sizeof number;
    if (at + sizeof number <= data.size())
        std::memcpy(data.data() + at, &number, sizeof number);
}

// Replaces a number in a text.
void change_text_number(Data& data, std::size_t at) {
    const auto digit = [](std::uint8_t byte) { return std::isdigit(byte) != 0; };
    const auto begin = std::find_if(data.begin() + static_cast<std::ptrdiff_t>(at), data.end(), digit);
    const auto end = std::find_if_not(begin, data.end(), digit);
    if (begin == end)
        return;
    const std::array<std::string, 10> numbers = {
        "0", "1", "7", "1000000", "9007199254740993", "18446744073709551615", "-1", "1e308", "0.5", "null"};
    const std::string& number = numbers[below(numbers.size())];
    data.insert(data.erase(begin, end), number.begin(), number.end());
}

void copy_part(Data& data, std::size_t at) {
    const std::size_t size = std::min(1 + below(256), data.size() - at);
    const Data part(data.begin() + static_cast<std::ptrdiff_t>(at),
                    data.begin() + static_cast<std::ptrdiff_t>(at + size));
    data.insert(data.begin() + static_cast<std::ptrdiff_t>(below(data.size() + 1)), part.begin(), part.end());
}

void change(Data& data) {
    if (data.empty()) {
        data.push_back(static_cast<std::uint8_t>(below(256)));
        return;
    }
    // One change in four is at the beginning: the parts that describe the rest are at the beginning or at the end.
    const std::size_t at = below(4) == 0 ? below(std::min<std::size_t>(data.size(), 128)) : below(data.size());
    switch (below(10)) {
    case 0:
        data.resize(at);
        break;
    case 1:
        copy_part(data, at);
        break;
    case 2:
        data.erase(data.begin() + static_cast<std::ptrdiff_t>(at),
                   data.begin() + static_cast<std::ptrdiff_t>(std::min(at + 1 + below(64), data.size())));
        break;
    case 3:
        set_number<std::uint16_t>(data, at);
        break;
    case 4:
        set_number<std::uint32_t>(data, at);
        break;
    case 5:
        set_number<std::uint64_t>(data, at);
        break;
    case 6:
        change_text_number(data, at);
        break;
    case 7:
        data[at] = static_cast<std::uint8_t>(below(256));
        break;
    default:
        data[at] ^= static_cast<std::uint8_t>(1U << below(8));
        break;
    }
}

Data read(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    return {bytes.begin(), bytes.end()};
}

// Returns the file unchanged if it is no summary.
Data with_summary_changed(const Data& data) {
    auto summary = rcuscope::digest_from_json({reinterpret_cast<const char*>(data.data()), data.size()}, "");
    if (!summary)
        return data;
    for (std::size_t times = 1 + below(8); times > 0; times--)
        rcuscope::fuzz::change_summary(*summary, random_numbers());
    std::ostringstream out;
    rcuscope::write_digest(*summary, out);
    const std::string text = std::move(out).str();
    return {text.begin(), text.end()};
}

Data damaged(Data data, const std::string& kind, unsigned seed) {
    random_numbers().seed(seed + 1);
    if (kind == "summaries") {
        data = with_summary_changed(data);
        if (seed % 2 == 1)
            change_text_number(data, below(data.size()));
        return data;
    }
    for (std::size_t times = 1 + below(8); times > 0; times--) {
        if (kind != "captures") {
            change(data);
            continue;
        }
        Data room(data);
        room.resize(std::max(max_file, data.size()));
        room.resize(
            LLVMFuzzerCustomMutator(room.data(), data.size(), room.size(), seed * 4 + static_cast<unsigned>(times)));
        data = std::move(room);
    }
    return data;
}

} // namespace

std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size) {
    Data changed(data, data + size);
    change(changed);
    changed.resize(std::min(changed.size(), max_size));
    std::copy(changed.begin(), changed.end(), data);
    return changed.size();
}

// An exception ends the program, as it should. NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const std::set<std::string> kinds = {"captures", "summaries", "files"};
    if (arguments.size() < 4 || !kinds.contains(arguments[0])) {
        std::cerr << "usage: make_damaged captures|summaries|files COUNT FOLDER FILE...\n";
        return 2;
    }
    const unsigned long count = std::stoul(arguments[1]);
    for (unsigned long i = 0; i < count; i++) {
        const std::filesystem::path from = arguments[3 + i % (arguments.size() - 3)];
        const Data data = damaged(read(from), arguments[0], static_cast<unsigned>(i));
        const auto to = std::filesystem::path(arguments[2]) / (std::to_string(i) + "-" + from.filename().string());
        std::ofstream out(to, std::ios::binary);
        std::copy(data.begin(), data.end(), std::ostreambuf_iterator<char>(out));
        if (!out.flush()) {
            std::cerr << "cannot write " << to << "\n";
            return 1;
        }
    }
    return 0;
}
