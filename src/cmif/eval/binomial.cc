// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/binomial.h"

#include <boost/math/special_functions/beta.hpp>

namespace cmif::eval {
namespace {

// Errors become NaN, which the callers' comparisons treat as "nothing known":
// no exception leaves the room.
using Policy = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<
        boost::math::policies::ignore_error>>;

double Quantile(double a, double b, double p) {
  return boost::math::ibeta_inv(a, b, p, Policy());
}

}  // namespace

double ClopperPearsonLower(uint64_t hits, uint64_t trials, double alpha) {
  if (hits == 0 || trials == 0) return 0;
  return Quantile(static_cast<double>(hits),
                  static_cast<double>(trials - hits) + 1, alpha);
}

double ClopperPearsonUpper(uint64_t hits, uint64_t trials, double alpha) {
  if (hits >= trials) return 1;
  return 1 - Quantile(static_cast<double>(trials - hits),
                      static_cast<double>(hits) + 1, alpha);
}

Interval ClopperPearson(uint64_t hits, uint64_t trials, double alpha) {
  return {ClopperPearsonLower(hits, trials, alpha / 2),
          ClopperPearsonUpper(hits, trials, alpha / 2)};
}

}  // namespace cmif::eval
