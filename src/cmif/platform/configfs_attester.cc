// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/configfs_attester.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "cmif/base/byte_reader.h"
#include "cmif/base/random.h"

namespace cmif::platform {
namespace {

using Bytes = std::vector<uint8_t>;

// The kernel allows no more (TSM_REPORT_OUTBLOB_MAX), and 4 MiB in later ones;
// evidence beyond 1 MiB is read by nobody.
constexpr size_t kMaxBlobBytes = 1 << 20;
constexpr size_t kSnpReportBytes = 1184;
constexpr int kTries = 100;  // of 50 ms: five seconds
constexpr std::chrono::milliseconds kBetweenTries{50};
constexpr int kEntries = 3;

std::string Trimmed(const Bytes& bytes) {
  std::string text(AsText(bytes));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) {
    text.pop_back();
  }
  return text;
}

Result<std::string> PlatformOf(const std::string& provider) {
  if (provider == "sev_guest") return "snp";
  if (provider == "tdx_guest") return "tdx";
  return Unimplemented(
      "configfs-tsm has the driver of a platform that this program does not "
      "know; it knows sev_guest and tdx_guest");
}

}  // namespace

// One request's folder.
class ConfigfsAttester::Entry {
 public:
  static Result<Entry> Make(const ConfigfsAttester& owner);
  Entry(Entry&& other) noexcept
      : owner_(other.owner_), path_(std::exchange(other.path_, {})) {}
  Entry& operator=(Entry&&) = delete;
  ~Entry() {
    if (!path_.empty()) owner_.files_->RemoveFolder(path_);
  }

  Result<Bytes> Read(const char* name) const {
    for (int i = 0;; ++i) {
      auto bytes = owner_.files_->Read(Path(name), kMaxBlobBytes);
      if (bytes) return *std::move(bytes);
      if (!MayPass(bytes.error()) || i == kTries) {
        return std::unexpected(ErrnoStatus(Path(name), bytes.error()));
      }
      owner_.pause_(kBetweenTries);
    }
  }
  // What is not there is empty.
  Result<Bytes> ReadIfAny(const char* name) const {
    auto bytes = Read(name);
    if (!bytes && bytes.error().code() == Code::kNotFound) return Bytes{};
    return bytes;
  }
  Result<uint64_t> ReadNumber(const char* name) const {
    CMIF_ASSIGN(const Bytes bytes, Read(name));
    const std::string text = Trimmed(bytes);
    uint64_t number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
      return Internal(Path(name) + " is not a number");
    }
    return number;
  }
  Result<void> Write(const char* name, std::span<const uint8_t> bytes) const {
    for (int i = 0;; ++i) {
      const int error = owner_.files_->Write(Path(name), bytes);
      if (error == 0) return {};
      if (!MayPass(error) || i == kTries) {
        return std::unexpected(ErrnoStatus(Path(name), error));
      }
      owner_.pause_(kBetweenTries);
    }
  }

 private:
  Entry(const ConfigfsAttester& owner, std::string path)
      : owner_(owner), path_(std::move(path)) {}
  std::string Path(const char* name) const { return path_ + "/" + name; }

  const ConfigfsAttester& owner_;
  std::string path_;
};

Result<ConfigfsAttester::Entry> ConfigfsAttester::Entry::Make(
    const ConfigfsAttester& owner) {
  OsRandom random;
  for (int i = 0;; ++i) {
    const std::string path =
        fmt::format("{}/cmif-{}-{:08x}", kFolder, getpid(), random.Next32());
    const int error = owner.files_->MakeFolder(path);
    if (error == 0) return Entry(owner, path);
    if (error == ENOENT) {
      return NotFound(fmt::format(
          "{} is not there: Linux 6.7 or later has it, with the module tsm and "
          "configfs mounted at /sys/kernel/config",
          kFolder));
    }
    if (error == ENXIO) {
      return NotFound(
          "configfs-tsm has no driver behind it: load the module sev-guest or "
          "tdx-guest inside a confidential VM");
    }
    const bool again = error == EEXIST || MayPass(error);
    if (!again || i == kTries) {
      return std::unexpected(ErrnoStatus(kFolder, error));
    }
    if (error != EEXIST) owner.pause_(kBetweenTries);
  }
}

Result<std::unique_ptr<Attester>> ConfigfsAttester::Open(
    std::shared_ptr<KernelFiles> files, Pause pause) {
  std::unique_ptr<ConfigfsAttester> attester(
      new ConfigfsAttester(std::move(files), std::move(pause)));
  CMIF_ASSIGN(const Entry entry, Entry::Make(*attester));
  CMIF_ASSIGN(const Bytes provider, entry.Read("provider"));
  CMIF_ASSIGN(attester->platform_, PlatformOf(Trimmed(provider)));
  return attester;
}

Result<Bytes> ConfigfsAttester::Collect(const ReportData& report_data) {
  for (int i = 0; i < kEntries; ++i) {
    CMIF_ASSIGN(auto evidence, CollectOnce(report_data));
    if (evidence) return *std::move(evidence);
  }
  return Unavailable(
      "other processes write to this process' entries of configfs-tsm");
}

Result<std::optional<Bytes>> ConfigfsAttester::CollectOnce(
    const ReportData& report_data) {
  CMIF_ASSIGN(const Entry entry, Entry::Make(*this));
  CMIF_ASSIGN(const Bytes floor, entry.ReadIfAny("privlevel_floor"));
  CMIF_ASSIGN(uint64_t generation, entry.ReadNumber("generation"));
  // The level the report is asked for may not be below that of this system.
  if (!floor.empty() && Trimmed(floor) != "0") {
    CMIF_TRY(entry.Write("privlevel", AsBytes(Trimmed(floor))));
    ++generation;
  }
  CMIF_TRY(entry.Write("inblob", report_data));
  ++generation;
  CMIF_ASSIGN(Bytes evidence, entry.Read("outblob"));
  CMIF_ASSIGN(const Bytes table, entry.ReadIfAny("auxblob"));
  CMIF_ASSIGN(const Bytes provider, entry.Read("provider"));
  CMIF_ASSIGN(const uint64_t after, entry.ReadNumber("generation"));
  if (after != generation) return std::nullopt;
  CMIF_ASSIGN(const std::string platform, PlatformOf(Trimmed(provider)));
  if (platform != platform_) {
    return FailedPrecondition("the driver behind configfs-tsm has changed");
  }
  if (evidence.empty()) {
    return Unavailable(
        platform == "tdx"
            ? "the host gives no quote (outblob is empty): check its quote "
              "generation service (qgsd) and that its PCCS knows the platform"
            : "the host gives no report (outblob is empty)");
  }
  if (platform == "tdx") return evidence;
  if (evidence.size() != kSnpReportBytes) {
    return Internal(
        fmt::format("outblob has {} bytes and not the {} of an "
                    "SEV-SNP report",
                    evidence.size(), kSnpReportBytes));
  }
  evidence.insert(evidence.end(), table.begin(), table.end());
  return evidence;
}

}  // namespace cmif::platform
