// SPDX-License-Identifier: BSD-2-Clause
//
// A vector that spills to disk, for data that grows with the events of a recording. The lists of a recording share
// a memory budget; a list that exceeds it moves to a temporary file (spill_memory.hpp). References are valid until the
// list grows.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <new>
#include <queue>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/spill_memory.hpp"

namespace rcuscope {

template <typename T>
class SpillVector {
    static_assert(std::is_trivially_copyable_v<T>, "elements are moved as bytes");
    static_assert(sizeof(T) <= std::size_t{1} << SpillMemory::chunk_shift);

    template <bool is_const>
    class Iterator {
    public:
        using List = std::conditional_t<is_const, const SpillVector, SpillVector>;
        using iterator_category = std::random_access_iterator_tag;
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using reference = std::conditional_t<is_const, const T&, T&>;
        using pointer = std::conditional_t<is_const, const T*, T*>;

        Iterator() = default;
        Iterator(List* list, std::size_t index) : list_(list), index_(index) {}
        operator Iterator<true>() const requires(!is_const) { return {list_, index_}; }

        reference operator*() const { return (*list_)[index_]; }
        pointer operator->() const { return &(*list_)[index_]; }
        reference operator[](difference_type n) const { return *(*this + n); }
        Iterator& operator++() { return ++index_, *this; }
        Iterator& operator--() { return --index_, *this; }
        Iterator operator++(int) { return {list_, index_++}; }
        Iterator operator--(int) { return {list_, index_--}; }
        Iterator& operator+=(difference_type n) { return index_ += static_cast<std::size_t>(n), *this; }
        Iterator& operator-=(difference_type n) { return index_ -= static_cast<std::size_t>(n), *this; }
        friend Iterator operator+(Iterator a, difference_type n) { return a += n; }
        friend Iterator operator+(difference_type n, Iterator a) { return a += n; }
        friend Iterator operator-(Iterator a, difference_type n) { return a -= n; }
        friend difference_type operator-(Iterator a, Iterator b) {
            return static_cast<difference_type>(a.index_) - static_cast<difference_type>(b.index_);
        }
        friend bool operator==(Iterator a, Iterator b) { return a.index_ == b.index_; }
        friend auto operator<=>(Iterator a, Iterator b) { return a.index_ <=> b.index_; }

    private:
        List* list_ = nullptr;
        std::size_t index_ = 0;
    };

public:
    using value_type = T;
    using size_type = std::size_t;
    using reference = T&;
    using const_reference = const T&;
    using iterator = Iterator<false>;
    using const_iterator = Iterator<true>;

    SpillVector() = default;
    SpillVector(std::initializer_list<T> elements) { append({elements.begin(), elements.size()}); }
    SpillVector(SpillVector&& other) noexcept
        : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, 0)) {}
    SpillVector& operator=(SpillVector&& other) noexcept {
        memory_ = std::move(other.memory_);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }
    SpillVector(const SpillVector& other) {
        for (const T& element : other)
            push_back(element);
    }
    SpillVector& operator=(const SpillVector& other) { return *this = SpillVector(other); }
    ~SpillVector() = default;

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    bool in_file() const { return memory_.in_file(); }

    T& operator[](std::size_t i) { return *make_resident(i); }
    const T& operator[](std::size_t i) const { return *make_resident(i); }
    const T& at(std::size_t i) const {
        if (i >= size_)
            throw std::out_of_range("SpillVector::at");
        return *make_resident(i);
    }
    T& front() { return *make_resident(0); }
    T& back() { return *make_resident(size_ - 1); }
    const T& front() const { return *make_resident(0); }
    const T& back() const { return *make_resident(size_ - 1); }

    iterator begin() { return {this, 0}; }
    iterator end() { return {this, size_}; }
    const_iterator begin() const { return {this, 0}; }
    const_iterator end() const { return {this, size_}; }

    T& push_back(T element) {
        memory_.grow((size_ + 1) * sizeof(T));
        return *new (make_resident(size_++)) T(element);
    }
    T& emplace_back() {
        memory_.grow((size_ + 1) * sizeof(T));
        return *new (make_resident(size_++)) T();
    }
    void pop_back() { --size_; }
    void resize(std::size_t size, const T& with = T{}) {
        size_ = std::min(size_, size);
        while (size_ < size)
            push_back(with);
    }
    void append(std::span<const T> elements) {
        for (const T& element : elements)
            push_back(element);
    }
    void clear() { *this = SpillVector(); }

    // A contiguous range, valid until the list grows.
    std::span<const T> range(std::size_t first, std::size_t count) const {
        for (std::size_t i = first; i < first + count; i += step)
            make_resident(i);
        return count == 0 ? std::span<const T>() : std::span<const T>(make_resident(first), count);
    }

    // Stable. A list in a file gets an external merge sort: parts are sorted in memory, then merged.
    template <typename Less>
    void sort(Less less) {
        if (std::is_sorted(begin(), end(), less))
            return;
        if (!in_file()) {
            std::stable_sort(make_resident(0), make_resident(0) + size_, less);
            return;
        }
        std::vector<T> part;
        for (std::size_t first = 0; first < size_; first += part_size) {
            const std::size_t count = std::min(part_size, size_ - first);
            part.assign(begin() + static_cast<std::ptrdiff_t>(first),
                        begin() + static_cast<std::ptrdiff_t>(first + count));
            std::stable_sort(part.begin(), part.end(), less);
            std::copy(part.begin(), part.end(), begin() + static_cast<std::ptrdiff_t>(first));
        }
        part = {};
        *this = merged(less);
    }

private:
    static constexpr std::size_t step = (std::size_t{1} << SpillMemory::chunk_shift) / sizeof(T); // elements of a chunk
    static constexpr std::size_t part_size = 8 * step;                                            // elements

    // One sorted part during the merge. It is read in portions, because the merge reads many parts at a time.
    struct Part {
        std::vector<T> portion;
        std::size_t next = 0; // index in `portion`
        std::size_t rest = 0; // index in the list where the next portion begins
        std::size_t end = 0;  // index in the list where the part ends
    };

    template <typename Less>
    SpillVector merged(Less less) const {
        std::vector<Part> parts;
        for (std::size_t first = 0; first < size_; first += part_size)
            parts.push_back({{}, 0, first, std::min(first + part_size, size_)});
        const std::size_t portion = std::max<std::size_t>(part_size / parts.size(), 16);
        const auto fill = [&](Part& part) {
            const std::size_t until = std::min(part.rest + portion, part.end);
            part.portion.assign(begin() + static_cast<std::ptrdiff_t>(part.rest),
                                begin() + static_cast<std::ptrdiff_t>(until));
            part.next = 0;
            part.rest = until;
            return !part.portion.empty();
        };
        const auto later = [&](std::size_t a, std::size_t b) {
            const T& first = parts[a].portion[parts[a].next];
            const T& second = parts[b].portion[parts[b].next];
            return less(second, first) || (!less(first, second) && b < a);
        };
        std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> next(later);
        for (std::size_t i = 0; i < parts.size(); i++)
            if (fill(parts[i]))
                next.push(i);
        SpillVector out;
        while (!next.empty()) {
            const std::size_t i = next.top();
            next.pop();
            Part& part = parts[i];
            out.push_back(part.portion[part.next++]);
            if (part.next < part.portion.size() || fill(part))
                next.push(i);
        }
        return out;
    }

    T* make_resident(std::size_t i) const {
        memory_.make_resident(i * sizeof(T));
        return std::launder(reinterpret_cast<T*>(memory_.data())) + i;
    }

    SpillMemory memory_;
    std::size_t size_ = 0;
};

} // namespace rcuscope
