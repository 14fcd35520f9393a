// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <vector>

namespace rcuscope {

// The list that each of many rows has, and hardly one puts anything on: a pointer as long as it is empty, and copied as
// one. What was put on it lives as long as the process.
template <typename T>
class Seldom {
public:
    Seldom() = default;
    Seldom(std::initializer_list<T> elements) {
        for (const T& element : elements) {
            push_back(element);
        }
    }

    void push_back(const T& element) {
        if (list_ == nullptr) {
            list_ = &lists().emplace_back();
        }
        list_->push_back(element);
    }

    std::size_t size() const { return list().size(); }
    bool empty() const { return list().empty(); }
    const T& operator[](std::size_t i) const { return list()[i]; }
    const T* begin() const { return list().data(); }
    const T* end() const { return begin() + size(); }
    T& back() { return list_->back(); }

private:
    static std::deque<std::vector<T>>& lists() {
        static std::deque<std::vector<T>> all; // which never moves them
        return all;
    }
    const std::vector<T>& list() const {
        static const std::vector<T> nothing;
        return list_ == nullptr ? nothing : *list_;
    }

    std::vector<T>* list_ = nullptr;
};

} // namespace rcuscope
