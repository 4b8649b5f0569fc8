// SPDX-License-Identifier: Apache-2.0
#include "cmif/privacy/scaled_mechanism.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cmif/base/random.h"
#include "cmif/privacy/certify.h"
#include "cmif/privacy/rnm_laplace.h"
#include "cmif/privacy/testing/eps.h"
#include "cmif/privacy/testing/random_utilities.h"

namespace cmif::privacy {
namespace {

using testing::Eps;

TEST(ScaledMechanismTest, CalibrationReachesTheToleranceOverItsRange) {
  InsecureSeededRandom random(21);
  const RnmLaplace mechanism;
  for (const double eps : {0.02, 0.05, 0.3, 1.0, 2.0, 5.0, 10.0, 16.0}) {
    for (const int k : {2, 3, 7, 20, 40}) {
      const auto table =
          mechanism.Fill(RandomUtilities(k, random), {Eps(eps), true});
      ASSERT_TRUE(table) << eps << " " << k;
      EXPECT_TRUE(CertifyTable(table->weights, k, Eps(eps)));
      EXPECT_EQ(table->loss_micro, LossMicro(table->weights, k));
      EXPECT_LE(table->loss_micro, Eps(eps).micro());
      EXPECT_GE(static_cast<double>(table->loss_micro), 0.999 * eps * 1e6)
          << eps << " " << k;
      EXPECT_LT(table->scale, mechanism.TextbookScale(Eps(eps)));
    }
  }
}

TEST(ScaledMechanismTest, LargestClustersReachItToo) {
  InsecureSeededRandom random(22);
  const RnmLaplace mechanism;
  for (const double eps : {0.02, 1.0, 16.0}) {
    const auto table =
        mechanism.Fill(RandomUtilities(256, random), {Eps(eps), true});
    ASSERT_TRUE(table);
    EXPECT_GE(static_cast<double>(table->loss_micro), 0.999 * eps * 1e6);
  }
}

TEST(ScaledMechanismTest, TinyEpsilonsAreNeverExceeded) {
  InsecureSeededRandom random(23);
  const RnmLaplace mechanism;
  for (const double eps : {0.001, 0.0013, 0.007}) {
    for (const int k : {2, 20, 256}) {
      const auto table =
          mechanism.Fill(RandomUtilities(k, random), {Eps(eps), true});
      ASSERT_TRUE(table);
      EXPECT_LE(table->loss_micro, Eps(eps).micro());
      EXPECT_GT(table->loss_micro, Eps(eps).micro() / 2);
    }
  }
}

TEST(ScaledMechanismTest, TheTextbookScaleStaysWithoutCalibration) {
  InsecureSeededRandom random(24);
  const RnmLaplace mechanism;
  for (const double eps : {0.02, 1.0, 16.0}) {
    const auto table =
        mechanism.Fill(RandomUtilities(20, random), {Eps(eps), false});
    ASSERT_TRUE(table);
    EXPECT_EQ(table->scale, 2 / eps);
    EXPECT_LT(table->loss_micro, Eps(eps).micro());
  }
}

TEST(ScaledMechanismTest, WithoutSpreadRowsAreUniformAndEqual) {
  for (const int k : {2, 3, 20, 256}) {
    const auto size = static_cast<size_t>(k);
    const ClusterUtilities utilities{k, std::vector<double>(size * size, 0.0)};
    const auto table = RnmLaplace().Fill(utilities, {Eps(1), true});
    ASSERT_TRUE(table);
    EXPECT_EQ(table->loss_micro, 0U);
    EXPECT_TRUE(CertifyTable(table->weights, k, Eps(0.001)));
    EXPECT_NEAR(table->weights[0], 4294967296.0 / k, 1);
  }
}

TEST(ScaledMechanismTest, EqualRowsAndZeroRowsAreAccepted) {
  // Two equal words and another; a word with a zero row beside one without.
  const ClusterUtilities equal{3, {1, 1, 0, 1, 1, 0, 0, 0, 1}};
  const ClusterUtilities zero{2, {0, 0, 0, 1}};
  for (const double eps : {0.02, 1.0, 16.0}) {
    for (const auto& utilities : {equal, zero}) {
      const auto table = RnmLaplace().Fill(utilities, {Eps(eps), true});
      ASSERT_TRUE(table);
      EXPECT_GE(static_cast<double>(table->loss_micro), 0.999 * eps * 1e6);
      EXPECT_LE(table->loss_micro, Eps(eps).micro());
    }
  }
}

TEST(ScaledMechanismTest, BadUtilitiesAreRefused) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const ClusterUtilities& utilities :
       {ClusterUtilities{1, {0}}, ClusterUtilities{0, {}},
        ClusterUtilities{2, {0, 1, 1}}, ClusterUtilities{2, {0, 1, 1, nan}},
        ClusterUtilities{2, {0, 1, 1, 1.5}},
        ClusterUtilities{2, {0, 1, 1, -0.1}}}) {
    const auto table = RnmLaplace().Fill(utilities, {Eps(1), true});
    ASSERT_FALSE(table.has_value());
    EXPECT_EQ(table.error().code(), Code::kInvalidArgument);
  }
}

// A mechanism whose loss does not obey its scale: nothing may be released.
class BrokenMechanism final : public ScaledMechanism {
 public:
  std::string_view name() const override { return "broken"; }
  double TextbookScale(Epsilon) const override { return 1; }
  void Probabilities(std::span<const double> utilities, double,
                     std::span<double> out) const override {
    for (size_t i = 0; i < out.size(); ++i) out[i] = utilities[i];
  }
};

TEST(ScaledMechanismTest, AnUncertifiedTableIsNeverReleased) {
  const ClusterUtilities utilities{2, {1, 0, 0, 1}};
  for (const bool calibrate : {false, true}) {
    const auto table = BrokenMechanism().Fill(utilities, {Eps(16), calibrate});
    ASSERT_FALSE(table.has_value());
    EXPECT_EQ(table.error().code(), Code::kInternal);
  }
}

}  // namespace
}  // namespace cmif::privacy
