// SPDX-License-Identifier: BSD-2-Clause
#include "base/interning.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>
#include <vector>

#include "base/text_out.hpp"

namespace rcuscope::interning {

namespace {

struct Tables {
    std::vector<Table*> all;
    std::size_t held = 0; // existing Scope objects
    OwnerThread owner;
};

Tables& tables() {
    static Tables all;
    return all;
}

} // namespace

Table::Table() {
    tables().all.push_back(this);
}

// Use by a second thread is a bug of this program.
void OwnerThread::take(std::thread::id self, const char* what) {
    if (owner_ != std::thread::id()) {
        StandardError() << "rcuscope: " << what << " are used by two threads\n";
        std::abort();
    }
    owner_ = self;
}

void check_thread() {
    tables().owner.check("tables of interned values");
}

std::size_t size() {
    const auto& all = tables().all;
    return std::accumulate(all.begin(), all.end(), std::size_t{0},
                           [](std::size_t sum, const Table* table) { return sum + table->size(); });
}

Scope::Scope() {
    Tables& tables = interning::tables();
    tables.owner.check("recordings");
    if (tables.held++ == 0)
        for (Table* table : tables.all)
            table->kept_ = table->size();
}

Scope::Scope(Scope&& other) noexcept : holds_(std::exchange(other.holds_, false)) {}

Scope::~Scope() {
    Tables& tables = interning::tables();
    if (!holds_ || --tables.held != 0)
        return;
    for (Table* table : tables.all)
        table->shrink(table->kept_);
}

} // namespace rcuscope::interning
