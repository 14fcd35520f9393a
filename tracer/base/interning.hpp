// SPDX-License-Identifier: BSD-2-Clause
//
// The tables of interned values: the texts of PooledString, the locations of PooledLocation, the lists of RareList.
// Each kind has one table in the process, so that a value is only an index or a pointer. The destructor of the last
// Scope removes all values that were added while a Scope existed: several captures that are read one after the other
// take the memory of one. Values added before stay.
//
// One thread reads and writes the tables: the first that makes a Scope or adds a value. Other threads get numbers
// (analysis/callback_numbers.hpp). If another thread adds a value, the process aborts.
#pragma once

#include <cstddef>
#include <thread>

namespace rcuscope::interning {

// A table that grows at its end. A derived class interns one kind of value.
class Table {
public:
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;
    virtual ~Table() = default;

    virtual std::size_t size() const = 0;
    // Removes the values that were added after the table had this size.
    virtual void shrink(std::size_t size) = 0;

protected:
    Table(); // registers the table, which must have static storage duration

private:
    friend class Scope;
    std::size_t kept_ = 0; // size before the first Scope
};

// A guard that keeps the values of a recording. An object that holds such values also holds one of these, as its first
// member, so that it is destroyed last.
class Scope {
public:
    Scope();
    Scope(Scope&& other) noexcept;
    Scope& operator=(Scope&&) = delete;
    ~Scope();

private:
    bool holds_ = true;
};

// Checks that only one thread uses a resource. The first thread that uses it owns it.
class OwnerThread {
public:
    // Aborts the process if another thread owns the resource. `what` names the resource, in the plural.
    void check(const char* what) {
        const auto self = std::this_thread::get_id();
        if (owner_ != self) [[unlikely]]
            take(self, what);
    }
    // The next thread that calls check() becomes the owner.
    void release() { owner_ = {}; }

private:
    void take(std::thread::id self, const char* what);

    std::thread::id owner_;
};

// A table calls this before it adds a value.
void check_thread();

// The number of values in all tables.
std::size_t size();

} // namespace rcuscope::interning
