// SPDX-License-Identifier: BSD-2-Clause
//
// JSON that is written while it is made: members of objects on lines of their
// own, arrays with one element a line, each element serialised by itself, so
// that a large timeline is not held in memory a second time.
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>

#include "base/json_row.hpp"
#include "base/json_text.hpp"

namespace rcuscope {

using OrderedJson = nlohmann::ordered_json; // members come in the order given

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
    // The members of an object on lines of their own.
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
    // The same with to_row(row, value), which writes an element as text.
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
    bool empty_ = true; // nothing yet in the innermost object or array
};

} // namespace rcuscope
