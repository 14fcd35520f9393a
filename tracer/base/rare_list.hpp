// SPDX-License-Identifier: BSD-2-Clause
//
// A usually-empty list, for rows of which there are millions: one pointer, null when empty.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory_resource>
#include <type_traits>
#include <vector>

#include "base/binding.hpp"

namespace rcuscope {

// The memory of the lists of one recording. All of it is freed at once, with the pool.
class RareListPool : public Bindable {
public:
    RareListPool() : Bindable("lists of rows") {}

    template <typename T>
    std::pmr::vector<T>* add() {
        static_assert(std::is_trivially_destructible_v<T>, "the elements are freed without their destructors");
        size_++;
        return std::pmr::polymorphic_allocator<>(&memory_).new_object<std::pmr::vector<T>>();
    }
    std::size_t size() const { return size_; } // lists

private:
    std::pmr::monotonic_buffer_resource memory_;
    std::size_t size_ = 0;
};

// The elements are in the pool that the thread had bound (binding.hpp) when the first one was added, and stay as long
// as that pool. A copy shares the elements, since it copies the pointer.
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
            list_ = Binding<RareListPool>::current().add<T>();
        list_->push_back(element);
    }

    std::size_t size() const { return list_ == nullptr ? 0 : list_->size(); }
    bool empty() const { return size() == 0; }
    const T& operator[](std::size_t i) const { return (*list_)[i]; }
    const T* begin() const { return list_ == nullptr ? nullptr : list_->data(); }
    const T* end() const { return begin() + size(); }
    T& back() { return list_->back(); }

private:
    std::pmr::vector<T>* list_ = nullptr;
};

} // namespace rcuscope
