// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <gtest/gtest.h>
#include <memory>

namespace rcuscope::test {

// Makes a Storage before each test and destroys it after the test. A Storage owns pools and binds them, so a test can
// write texts and locations as literals. A test that leaves a list behind, or bound pools, ends the process.
template <typename Storage>
class StoragePerTest : public testing::EmptyTestEventListener {
public:
    // Returns true, so that it can initialize a static variable.
    static bool install() {
        testing::UnitTest::GetInstance()->listeners().Append(new StoragePerTest);
        return true;
    }

    void OnTestStart(const testing::TestInfo&) override { storage_ = std::make_unique<Storage>(); }
    void OnTestEnd(const testing::TestInfo&) override { storage_.reset(); }

private:
    std::unique_ptr<Storage> storage_;
};

} // namespace rcuscope::test
