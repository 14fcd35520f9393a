// SPDX-License-Identifier: BSD-2-Clause
//
// An operation on heaps that the standard library lacks: replace the first element.
#pragma once

#include <cstddef>
#include <vector>

namespace rcuscope {

// Restores a min-heap, as std::push_heap() makes it with `later`, after its first element has become later: sifts that
// element down. Takes half the work of std::pop_heap() and std::push_heap().
template <typename T, typename Later>
void sift_first(std::vector<T>& heap, Later later) {
    const T moved = heap.front();
    std::size_t at = 0;
    for (std::size_t child = 1; child < heap.size(); child = 2 * at + 1) {
        if (child + 1 < heap.size() && later(heap[child], heap[child + 1]))
            ++child;
        if (!later(moved, heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

} // namespace rcuscope
