// SPDX-License-Identifier: Apache-2.0
// The program against its duals, checked by trying every column, against a
// solver that shares nothing with ours (Clp's dual simplex on another
// formulation), and by hand.
#include "cmif/privacy/staircase_program.h"

#include <gtest/gtest.h>

#include <ClpSimplex.hpp>
#include <CoinPackedMatrix.hpp>
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/privacy/fill.h"
#include "cmif/privacy/testing/random_utilities.h"

namespace cmif::privacy {
namespace {

StaircaseProgram Uniform(ClusterUtilities utilities, double epsilon,
                         double cap = 1) {
  const auto k = static_cast<size_t>(utilities.k);
  return {std::move(utilities),
          std::vector<double>(k, 1.0 / static_cast<double>(k)), epsilon, cap};
}

StaircaseProgram RandomProgram(int k, int kind, RandomSource& random) {
  StaircaseProgram program;
  program.utilities =
      kind % 2 == 0 ? RandomUtilities(k, random) : TiedUtilities(k, random);
  std::vector<double> prior;
  if (kind % 3 != 0) prior = RandomPrior(k, random);
  program.prior = NormalisedPrior(static_cast<size_t>(k), prior);
  program.epsilon = 0.001 * std::pow(16000.0, RandomUnit(random));
  if (kind % 4 < 2) program.cap = 2.0 / k - 1e-8;
  return program;
}

double Value(const StaircaseProgram& program, std::span<const double> p) {
  const auto k = static_cast<size_t>(program.utilities.k);
  double value = 0;
  for (size_t i = 0; i < k * k; ++i) {
    value += program.prior[i / k] * program.utilities.values[i] * p[i];
  }
  return value;
}

// All constraints, up to `error` of rounding.
void ExpectFeasible(const StaircaseProgram& program, std::span<const double> p,
                    double error) {
  const auto k = static_cast<size_t>(program.utilities.k);
  for (size_t x = 0; x < k; ++x) {
    double sum = 0;
    for (size_t y = 0; y < k; ++y) sum += p[x * k + y];
    EXPECT_NEAR(sum, 1, 1e-12);
  }
  for (size_t y = 0; y < k; ++y) {
    double low = 1;
    double high = 0;
    double share = 0;
    for (size_t x = 0; x < k; ++x) {
      low = std::min(low, p[x * k + y]);
      high = std::max(high, p[x * k + y]);
      share += program.prior[x] * p[x * k + y];
    }
    EXPECT_GE(low, 0);
    EXPECT_LE(high, low * std::exp(program.epsilon) * (1 + error));
    if (program.cap < 1) {
      EXPECT_LE(share, program.cap + error);
    }
  }
}

// The bound from the duals by trying all columns a of {q, 1}^k.
double BoundByHand(const StaircaseProgram& program,
                   const StaircaseSolution& solution) {
  const auto k = static_cast<size_t>(program.utilities.k);
  const double q = std::exp(-program.epsilon);
  double bound = 0;
  for (const double lambda : solution.row_duals) bound += lambda;
  for (const double mu : solution.cap_duals) {
    EXPECT_GE(mu, 0);
    bound += program.cap * mu;
  }
  double worst = 0;
  for (size_t y = 0; y < k; ++y) {
    const double mu = program.cap < 1 ? solution.cap_duals[y] : 0;
    for (unsigned set = 1; set < 1U << k; ++set) {
      double reduced = 0;
      for (size_t x = 0; x < k; ++x) {
        const double gain =
            program.prior[x] * (program.utilities.values[x * k + y] - mu);
        reduced +=
            (gain - solution.row_duals[x]) * ((set >> x & 1U) != 0 ? 1 : q);
      }
      worst = std::max(worst, reduced);
    }
  }
  return bound + static_cast<double>(k) * worst;
}

TEST(StaircaseProgramTest, DualsProveTheOptimumWhenEveryColumnIsTried) {
  InsecureSeededRandom random(81);
  for (int trial = 0; trial < 400; ++trial) {
    const auto program =
        RandomProgram(2 + static_cast<int>(random.Next32() % 7), trial, random);
    const auto solution = SolveStaircase(program);
    ASSERT_TRUE(solution) << program.epsilon;
    ExpectFeasible(program, solution->probabilities, 1e-7);
    EXPECT_NEAR(solution->value, Value(program, solution->probabilities),
                1e-12);
    EXPECT_LE(BoundByHand(program, *solution), solution->value + 1e-7);
    EXPECT_NEAR(solution->bound, BoundByHand(program, *solution), 1e-12);
  }
}

// The second formulation, row by row: unknowns p_xy, then m_y, the least of
// each column.
class SparseProgram {
 public:
  explicit SparseProgram(const StaircaseProgram& program)
      : k_(program.utilities.k), objective_(Size(k_ * k_ + k_)) {
    for (int i = 0; i < k_ * k_; ++i) {
      objective_[Size(i)] =
          program.prior[Size(i / k_)] * program.utilities.values[Size(i)];
    }
    const double q = std::exp(-program.epsilon);
    for (int x = 0; x < k_; ++x) {
      for (int y = 0; y < k_; ++y) {
        AddRow({{x * k_ + y, 1}, {k_ * k_ + y, -1}}, 0, COIN_DBL_MAX);
        AddRow({{x * k_ + y, -q}, {k_ * k_ + y, 1}}, 0, COIN_DBL_MAX);
      }
      std::vector<std::pair<int, double>> sum;
      sum.reserve(Size(k_));
      for (int y = 0; y < k_; ++y) sum.emplace_back(x * k_ + y, 1);
      AddRow(sum, 1, 1);
    }
    for (int y = 0; y < k_ && program.cap < 1; ++y) {
      std::vector<std::pair<int, double>> share;
      share.reserve(Size(k_));
      for (int x = 0; x < k_; ++x) {
        share.emplace_back(x * k_ + y, program.prior[Size(x)]);
      }
      AddRow(share, -COIN_DBL_MAX, program.cap);
    }
  }

  // The optimum by Clp's dual simplex.
  double Solve() const {
    const CoinPackedMatrix matrix(false, rows_.data(), columns_.data(),
                                  values_.data(),
                                  static_cast<int>(values_.size()));
    ClpSimplex model;
    model.setLogLevel(0);
    model.loadProblem(matrix, nullptr, nullptr, objective_.data(), low_.data(),
                      high_.data());
    model.setOptimizationDirection(-1);
    model.setPrimalTolerance(1e-9);
    model.setDualTolerance(1e-9);
    model.dual();
    EXPECT_EQ(model.status(), 0);
    return model.objectiveValue();
  }

 private:
  static size_t Size(int value) { return static_cast<size_t>(value); }
  void AddRow(const std::vector<std::pair<int, double>>& entries, double low,
              double high) {
    for (const auto& [column, value] : entries) {
      rows_.push_back(static_cast<int>(low_.size()));
      columns_.push_back(column);
      values_.push_back(value);
    }
    low_.push_back(low);
    high_.push_back(high);
  }

  int k_;
  std::vector<double> objective_, values_, low_, high_;
  std::vector<int> rows_, columns_;
};

TEST(StaircaseProgramTest, AgreesWithClpOnAnotherFormulation) {
  InsecureSeededRandom random(82);
  for (int trial = 0; trial < 40; ++trial) {
    auto program = RandomProgram(2 + trial % 19, trial, random);
    // Beyond this e^-eps drowns in Clp's tolerances.
    program.epsilon = std::min(program.epsilon, 8.0);
    const auto solution = SolveStaircase(program);
    ASSERT_TRUE(solution);
    EXPECT_NEAR(solution->value, SparseProgram(program).Solve(), 2e-7)
        << program.utilities.k << " " << program.epsilon;
  }
}

TEST(StaircaseProgramTest, TwoWordsAreRandomisedResponse) {
  for (const double eps : {0.001, 1.0, 5.0, 16.0}) {
    const auto solution =
        SolveStaircase(Uniform(ClusterUtilities{2, {1, 0, 0, 1}}, eps));
    ASSERT_TRUE(solution);
    const double keep = 1 / (1 + std::exp(-eps));
    EXPECT_NEAR(solution->value, keep, 1e-7);
    EXPECT_NEAR(solution->probabilities[0], keep, 1e-6);
    EXPECT_NEAR(solution->probabilities[3], keep, 1e-6);
  }
}

TEST(StaircaseProgramTest, AnUnevenPriorPrefersTheConstantUntilEpsPaysForMore) {
  // Prior (9, 1) / 10, u the identity. With P(0|0) = p, P(1|1) = r the value is
  // .9 p + .1 r; corners are (1, 0), worth .9, and randomised response, worth
  // 1 / (1 + e^-eps): equal at e^eps = 9.
  for (const double eps : {0.5, 2.0, 2.5, 6.0}) {
    StaircaseProgram program{ClusterUtilities{2, {1, 0, 0, 1}}, {.9, .1}, eps};
    const auto solution = SolveStaircase(program);
    ASSERT_TRUE(solution);
    EXPECT_NEAR(solution->value, std::max(.9, 1 / (1 + std::exp(-eps))), 1e-7);
  }
}

TEST(StaircaseProgramTest, ACapHoldsAHubToItsShare) {
  // Output 0 alone is worth something, for every word: all of it without a
  // cap, half with a cap of 2/4.
  const ClusterUtilities hub{4,
                             {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}};
  const auto open = SolveStaircase(Uniform(hub, 1));
  const auto capped = SolveStaircase(Uniform(hub, 1, 0.5));
  ASSERT_TRUE(open && capped);
  EXPECT_NEAR(open->value, 1, 1e-7);
  EXPECT_NEAR(capped->value, 0.5, 1e-7);
}

}  // namespace
}  // namespace cmif::privacy
