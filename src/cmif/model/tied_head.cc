// SPDX-License-Identifier: Apache-2.0
#include "cmif/model/tied_head.h"

#include <algorithm>
#include <vector>

#include "cmif/model/row_format.h"

namespace cmif::model {
namespace {

constexpr size_t kRows = 64;
// Quantisation loses at most some hundredths; another head differs by 1 and
// more.
constexpr double kSame = 0.25;

double Square(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return sum;
}

bool SameRows(const GgufTensor& table, const GgufTensor& head) {
  if (table.shape.size() != 2 || table.shape != head.shape) return false;
  const auto width = static_cast<uint32_t>(table.shape[0]);
  const auto rows = static_cast<size_t>(table.shape[1]);
  const auto table_format = RowFormat::Create(table.type, width);
  const auto head_format = RowFormat::Create(head.type, width);
  if (!table_format || !head_format || rows == 0) return false;
  const auto expand = [&](const RowFormat& format, const GgufTensor& tensor,
                          size_t row, std::vector<float>& out) {
    format.Expand(
        tensor.data.subspan(row * format.row_bytes(), format.row_bytes()), out);
  };
  std::vector<float> ours(width);
  std::vector<float> theirs(width);
  double own = 0;
  double apart = 0;
  const size_t count = std::min(rows, kRows);
  for (size_t i = 0; i < count; ++i) {
    const size_t row = i * rows / count;
    expand(*table_format, table, row, ours);
    expand(*head_format, head, row, theirs);
    own += Square(ours);
    for (size_t j = 0; j < width; ++j) theirs[j] -= ours[j];
    apart += Square(theirs);
  }
  return apart < kSame * own;
}

}  // namespace

bool IsTied(const GgufFile& file) {
  const GgufTensor* table = file.FindTensor("token_embd.weight");
  const GgufTensor* head = file.FindTensor("output.weight");
  if (table == nullptr) return false;
  if (file.String("general.architecture").value_or("") != "llama") return false;
  return head == nullptr || SameRows(*table, *head);
}

}  // namespace cmif::model
