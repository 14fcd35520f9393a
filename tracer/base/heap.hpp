// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <vector>

namespace rcuscope {

// Of a heap as std::push_heap() makes it with `later`, so that the earliest is the first: that one has become later,
// and goes where it belongs. Half the work of taking it off and putting it in again.
template <typename T, typename Later>
void sift_first(std::vector<T>& heap, Later later) {
    const T moved = heap.front();
    std::size_t at = 0;
    for (std::size_t child = 1; child < heap.size(); child = 2 * at + 1) {
        if (child + 1 < heap.size() && later(heap[child], heap[child + 1])) {
            ++child;
        }
        if (!later(moved, heap[child])) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

} // namespace rcuscope
