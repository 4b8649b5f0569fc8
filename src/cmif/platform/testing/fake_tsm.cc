// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/testing/fake_tsm.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "cmif/base/byte_reader.h"
#include "cmif/platform/configfs_attester.h"

namespace cmif::platform::testing {
namespace {

using Bytes = std::vector<uint8_t>;

std::pair<std::string, std::string> Split(const std::string& path) {
  const size_t slash = path.rfind('/');
  return {path.substr(0, slash), path.substr(slash + 1)};
}

Bytes ToBytes(std::string_view text) {
  const auto bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

bool FakeTsm::Exists(const std::string& path) {
  return path == ConfigfsAttester::kFolder || entries_.contains(path);
}

KernelFiles::Errno FakeTsm::MakeFolder(const std::string& path) {
  if (folder_error != 0) return std::exchange(folder_error, 0);
  if (names_taken > 0) {
    --names_taken;
    return EEXIST;
  }
  if (Split(path).first != ConfigfsAttester::kFolder) return ENOENT;
  ++entries_made;
  return entries_.emplace(path, Entry{}).second ? 0 : EEXIST;
}

KernelFiles::Errno FakeTsm::RemoveFolder(const std::string& path) {
  return entries_.erase(path) == 1 ? 0 : ENOENT;
}

KernelFiles::Errno FakeTsm::Write(const std::string& path,
                                  std::span<const uint8_t> bytes) {
  const auto [folder, name] = Split(path);
  const auto found = entries_.find(folder);
  if (found == entries_.end()) return ENOENT;
  if (busy > 0) {
    --busy;
    return EBUSY;
  }
  Entry& entry = found->second;
  if (name == "inblob") {
    if (bytes.size() > 64) return EINVAL;
    if (!floor.empty() && std::stoi(entry.privlevel) < std::stoi(floor)) {
      return EINVAL;
    }
    entry.inblob.assign(bytes.begin(), bytes.end());
    privlevel = entry.privlevel;
  } else if (name == "privlevel") {
    entry.privlevel = AsText(bytes);
  } else {
    return EACCES;
  }
  ++entry.generation;
  return 0;
}

std::expected<Bytes, KernelFiles::Errno> FakeTsm::Outblob(Entry& entry) {
  if (entry.inblob.empty()) return std::unexpected(EINVAL);
  if (outblob_error != 0) return std::unexpected(outblob_error);
  if (strangers > 0) {
    --strangers;
    entry.inblob.assign(64, 0xEE);
    ++entry.generation;
  }
  if (empty_outblob) return Bytes{};
  Bytes report(outblob_bytes);
  if (report.size() >= 0x50 + 64) {
    report[0x34] = 1;
    std::ranges::copy(entry.inblob, report.begin() + 0x50);
  }
  return report;
}

std::expected<Bytes, KernelFiles::Errno> FakeTsm::Read(const std::string& path,
                                                       size_t limit_bytes) {
  const auto [folder, name] = Split(path);
  const auto found = entries_.find(folder);
  if (found == entries_.end()) return std::unexpected(ENOENT);
  if (busy > 0) {
    --busy;
    return std::unexpected(EBUSY);
  }
  std::expected<Bytes, Errno> bytes = std::unexpected(ENOENT);
  if (name == "provider") bytes = ToBytes(provider);
  if (name == "generation") {
    bytes = ToBytes(std::to_string(found->second.generation) + "\n");
  }
  if (name == "privlevel_floor" && !floor.empty())
    bytes = ToBytes(floor + "\n");
  if (name == "outblob") bytes = Outblob(found->second);
  if (name == "auxblob" && has_auxblob) bytes = auxblob;
  if (bytes && bytes->size() > limit_bytes) return std::unexpected(EFBIG);
  return bytes;
}

}  // namespace cmif::platform::testing
