// SPDX-License-Identifier: BSD-2-Clause
//
// A usually-empty list, for rows of which there are millions: one pointer, null when empty.
#pragma once

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <vector>

#include "base/interning.hpp"

namespace rcuscope {

// A copy shares the elements, since it copies the pointer. The elements stay until the table of all lists is shrunk
// (interning.hpp).
template <typename T>
class RareList {
public:
    RareList() = default;
    RareList(std::initializer_list<T> elements) {
        for (const T& element : elements)
            push_back(element);
    }

    void push_back(const T& element) {
        if (list_ == nullptr)
            list_ = table().add();
        list_->push_back(element);
    }

    std::size_t size() const { return list().size(); }
    bool empty() const { return list().empty(); }
    const T& operator[](std::size_t i) const { return list()[i]; }
    const T* begin() const { return list().data(); }
    const T* end() const { return begin() + size(); }
    T& back() { return list_->back(); }

private:
    class Table final : public interning::Table {
    public:
        std::vector<T>* add() {
            interning::check_thread();
            return &lists_.emplace_back();
        }
        std::size_t size() const override { return lists_.size(); }
        void shrink(std::size_t size) override { lists_.resize(size); }

    private:
        std::deque<std::vector<T>> lists_; // a deque, so that the lists never move
    };

    static Table& table() {
        static Table all;
        return all;
    }
    const std::vector<T>& list() const {
        static const std::vector<T> nothing;
        return list_ == nullptr ? nothing : *list_;
    }

    std::vector<T>* list_ = nullptr;
};

} // namespace rcuscope
