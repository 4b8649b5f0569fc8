// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLIENT_TESTING_TINY_BERT_TEST_H_
#define CMIF_CLIENT_TESTING_TINY_BERT_TEST_H_

#include <gtest/gtest.h>

#include <memory>

#include "cmif/client/testing/tiny_split.h"

namespace cmif::client::testing {

// Tests that share one split of the tiny classifier.
class TinyBertTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    model_ = SplitTiny(Kind::kBert, *folder_).value();
  }
  static void TearDownTestSuite() {
    model_.reset();
    folder_.reset();
  }

  static inline std::unique_ptr<TempFolder> folder_;
  static inline std::shared_ptr<ClientModel> model_;
};

}  // namespace cmif::client::testing

#endif  // CMIF_CLIENT_TESTING_TINY_BERT_TEST_H_
