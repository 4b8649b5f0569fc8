// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/nearest_row_attack.h"

#include <algorithm>
#include <atomic>

#include "cmif/base/parallel.h"

namespace cmif::eval {
namespace {

// In f32, with eight sums that the compiler can keep in one vector. The same
// rows give the same number whatever else is compared.
float Dot(std::span<const float> a, std::span<const float> b) {
  float sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= a.size(); i += 8) {
    for (size_t j = 0; j < 8; ++j) sums[j] += a[i + j] * b[i + j];
  }
  float sum = 0;
  for (; i < a.size(); ++i) sum += a[i] * b[i];
  for (const float part : sums) sum += part;
  return sum;
}

// How many rows are nearer to row `sent` than row `word` is.
int CountNearer(const privacy::RowMatrix& rows, int32_t word, int32_t sent) {
  const std::span<const float> query = rows.Row(sent);
  const float own = Dot(query, rows.Row(word));
  int nearer = 0;
  for (int32_t id = 0; id < rows.rows; ++id) {
    if (Dot(query, rows.Row(id)) > own) ++nearer;
  }
  return nearer;
}

}  // namespace

NearestRowResult AttackByNearestRow(const privacy::RowMatrix& rows,
                                    std::span<const int32_t> words,
                                    std::span<const int32_t> sent,
                                    int threads) {
  std::atomic<uint64_t> first = 0;
  std::atomic<uint64_t> in_ten = 0;
  ParallelFor(words.size(), threads > 0 ? threads : HardwareThreads(),
              [&](size_t i) {
                const int nearer = CountNearer(rows, words[i], sent[i]);
                if (nearer == 0) ++first;
                if (nearer < 10) ++in_ten;
              });
  NearestRowResult result{.trials = words.size(),
                          .first = first,
                          .in_ten = in_ten,
                          .first_interval = {},
                          .in_ten_interval = {}};
  result.first_interval = ClopperPearson(first, words.size(), 0.05);
  result.in_ten_interval = ClopperPearson(in_ten, words.size(), 0.05);
  return result;
}

}  // namespace cmif::eval
