// SPDX-License-Identifier: BSD-2-Clause
//
// Gives each test of a component that uses timelines a Recording of its own.
#include "storage_per_test.hpp"

#include "timeline/recording.hpp"

namespace rcuscope::test {
namespace {

struct BoundRecording {
    Recording recording;
    Recording::Binding bound{recording};
};

const bool installed = StoragePerTest<BoundRecording>::install();

} // namespace
} // namespace rcuscope::test
