// SPDX-License-Identifier: BSD-2-Clause
//
// Tests the hazard callback-flood.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/recording.hpp"

namespace rcuscope::test {
namespace {

using testing::IsEmpty;

TEST(CallbackFlood, WarningWhenTheLimitIsFirstPassed) {
    Unloading scene;
    scene.stays().callback(10, 100, 101).callback(20, 100, 101).callback(30, 100, 101).callback(40, 100, 101);

    const auto hazards = scene.find({.callback_flood = 2});

    ASSERT_EQ(hazards.size(), 1U);
    EXPECT_EQ(hazards[0].kind, "callback-flood");
    EXPECT_EQ(hazards[0].severity, "warning");
    EXPECT_EQ(hazards[0].module, "rcu_unload");
    EXPECT_EQ(hazards[0].at, 30);
    EXPECT_THAT(hazards[0].callbacks, IsEmpty());
    EXPECT_EQ(hazards[0].text,
              "4 callbacks of rcu_unload:node_free were pending at once, 40 ns after the start of the recording (the "
              "limit is 2): their memory stays in use, and rcu_barrier() waits for all of them; make the code that "
              "queues them wait from time to time, in synchronize_rcu() or until fewer are pending, or free many "
              "objects with one callback.");
}

TEST(CallbackFlood, NoneAtTheLimit) {
    EXPECT_THAT(Unloading().stays().callback(10, 100, 101).callback(20, 100, 101).find({.callback_flood = 2}),
                IsEmpty());
}

TEST(CallbackFlood, NoneIfSoManyMayHaveRunUnseen) {
    Unloading scene;
    scene.callback(10, 100, 101).callback(20).unknown().callback(30).unknown().missed("callback.invoked");
    EXPECT_THAT(scene.find({.callback_flood = 2}),
                testing::Not(testing::Contains(testing::Field(&Hazard::kind, "callback-flood"))));
    EXPECT_THAT(scene.find({.callback_flood = 1}), testing::Contains(testing::Field(&Hazard::kind, "callback-flood")));
}

TEST(CallbackFlood, EachFunctionHasItsOwnBacklog) {
    Unloading scene;
    scene.stays().callback(10, 100, 101, "a").callback(11, 100, 101, "b").callback(12, 100, 101, "c");
    EXPECT_THAT(scene.find({.callback_flood = 1}), IsEmpty());
}

TEST(CallbackFlood, WhatRanBeforeIsNoLongerPending) {
    Unloading scene;
    scene.stays();
    for (Nanoseconds at = 10; at < 100; at += 10)
        scene.callback(at, at + 10, at + 11);
    EXPECT_THAT(scene.find({.callback_flood = 1}), IsEmpty());
}

TEST(CallbackFlood, AfterALossNothingSaysThatTheyArePending) {
    Unloading scene;
    scene.stays().callback(10).unknown().callback(11).unknown().lost(20, 30).callback(40).unknown();
    EXPECT_EQ(scene.find({.callback_flood = 1}).size(), 1U);
    EXPECT_THAT(scene.find({.callback_flood = 2}), IsEmpty());
}

TEST(CallbackFlood, OfTheKernelsOwnNone) {
    Unloading scene;
    scene.callback(10, {}, {}, "file_free_rcu", "").callback(11, {}, {}, "file_free_rcu", "");
    EXPECT_THAT(scene.find({.callback_flood = 1}), IsEmpty());
}

} // namespace
} // namespace rcuscope::test
