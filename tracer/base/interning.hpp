// SPDX-License-Identifier: BSD-2-Clause
//
// The owners of the values kept once for a whole recording: the texts of SharedText, the places of SharedPlace, the
// lists of Seldom. Each kind is one table of the process, so that a value is a number, or a pointer, and nothing else.
// Values added while a Recording is held go with the last of those that are held: several recordings that are read one
// after the other take the memory of one. Values added before stay as they are.
//
// One thread reads and writes them: that which held a Recording first, or put the first value in. Other threads are
// given numbers (analysis/callback_numbers.hpp). A table that another thread puts something into ends the process.
#pragma once

#include <cstddef>
#include <thread>

namespace rcuscope::interning {

// A table that grows at its end.
class Table {
public:
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;
    virtual ~Table() = default;

    virtual std::size_t size() const = 0;
    // Forgets what came after it had this size.
    virtual void shrink(std::size_t size) = 0;

protected:
    Table(); // of static duration: it is there until the process ends

private:
    friend class Recording;
    std::size_t kept_ = 0; // what is there without a recording
};

// The holder of anything made of a recording holds one of these too, and releases it last.
class Recording {
public:
    Recording();
    Recording(Recording&& other) noexcept;
    Recording& operator=(Recording&&) = delete;
    ~Recording();

private:
    bool holds_ = true;
};

// Things that one thread at a time may use: the first that does.
class OwnerThread {
public:
    // Ends the process if it is another thread's.
    void check(const char* what) {
        const auto self = std::this_thread::get_id();
        if (owner_ != self) [[unlikely]] {
            take(self, what);
        }
    }
    // The next one may be another's.
    void release() { owner_ = {}; }

private:
    void take(std::thread::id self, const char* what);

    std::thread::id owner_;
};

// Before anything is put into a table.
void check_thread();

// How much there is in all tables.
std::size_t size();

} // namespace rcuscope::interning
