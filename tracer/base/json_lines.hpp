// SPDX-License-Identifier: BSD-2-Clause
//
// A streaming JSON writer. It writes each member of an object and each element of an array on its own line and
// serialises each element by itself, so that no second copy of a large timeline is in memory.
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>

#include "base/json_row.hpp"
#include "base/json_text.hpp"

namespace rcuscope {

using OrderedJson = nlohmann::ordered_json; // members keep the order of insertion

class JsonLines {
public:
    explicit JsonLines(std::ostream& out) : out_(out) {}

    void begin_object() { open('{'); }
    void begin_object(std::string_view key) { write_key(key), open('{'); }
    void begin_array(std::string_view key) { write_key(key), open('['); }
    void end_object() { close('}'); }
    void end_array() { close(']'); }

    void member(std::string_view key, const OrderedJson& value) {
        write_key(key);
        write(value);
    }
    // Writes each member of an object on its own line.
    void object(std::string_view key, const OrderedJson& object) {
        begin_object(key);
        for (const auto& [name, value] : object.items())
            member(name, value);
        end_object();
    }
    void element(const OrderedJson& value) {
        next_line();
        write(value);
    }
    template <typename Range, typename ToJson>
    void array(std::string_view key, const Range& range, ToJson to_json) {
        begin_array(key);
        for (const auto& value : range)
            element(to_json(value));
        end_array();
    }
    // The same, but to_row(row, value) writes the element as text (json_row.hpp).
    template <typename Range, typename ToRow>
    void rows(std::string_view key, const Range& range, ToRow to_row) {
        JsonRow row;
        begin_array(key);
        for (const auto& value : range) {
            row.clear();
            to_row(row, value);
            next_line();
            out_ << row.text();
        }
        end_array();
    }
    void finish() { out_ << '\n'; }

private:
    void open(char bracket) {
        out_ << bracket;
        ++depth_;
        empty_ = true;
    }
    void close(char bracket) {
        --depth_;
        if (!empty_)
            break_line();
        out_ << bracket;
        empty_ = false;
    }
    void break_line() {
        out_ << '\n';
        for (int i = 0; i < depth_; ++i)
            out_ << "  ";
    }
    void next_line() {
        if (!empty_)
            out_ << ',';
        break_line();
        empty_ = false;
    }
    void write_key(std::string_view key) {
        next_line();
        out_ << '"' << key << "\": ";
    }
    void write(const OrderedJson& value) { out_ << JsonText(value).text(); }

    std::ostream& out_;
    int depth_ = 0;
    bool empty_ = true; // the innermost object or array is empty so far
};

} // namespace rcuscope
