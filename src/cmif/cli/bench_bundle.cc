// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cmif/base/random.h"
#include "cmif/cli/bench_report.h"
#include "cmif/model/container.h"

namespace cmif::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBytes = size_t{128} << 20;

// A file that goes away.
class TempFile {
 public:
  explicit TempFile(const char* name)
      : path_(fs::temp_directory_path() /
              ("cmif-bench-" + std::to_string(getpid()) + name)) {}
  ~TempFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Seconds a GB of the table.
Result<double> Pace(const fs::path& path, const crypto::SealKey* key) {
  CMIF_ASSIGN(auto reader, model::ContainerReader::Open(path, key));
  Result<SecretBytes> table;
  const double seconds = Timed([&] { table = reader.Read("table"); });
  if (!table) return std::unexpected(table.error());
  return seconds / (static_cast<double>(table->size()) / 1e9);
}

}  // namespace

Result<void> BenchBundle(BenchReport& report) {
  OsRandom random;
  const auto key = crypto::SealKey::FromRandom(random);
  const auto owner = crypto::Ed25519Signer::Generate();
  const std::vector<uint8_t> table(kBytes, 0x5A);
  const std::vector<model::Section> sections = {{"table", table}};
  const model::Sealing sealing{.key = &key, .owner = &owner};
  const TempFile sealed("-sealed");
  const TempFile plain("-plain");
  CMIF_TRY(model::WriteContainer(sealed.path(), sections, &sealing));
  CMIF_TRY(model::WriteContainer(plain.path(), sections));
  Pairs paces;
  for (int pair = 0; pair < report.pairs(); ++pair) {
    CMIF_ASSIGN(const double ours, Pace(sealed.path(), &key));
    CMIF_ASSIGN(const double reference, Pace(plain.path(), nullptr));
    paces.Add(ours, reference);
  }
  report.Row("opening a sealed bundle", paces, "s/GB", "a plain bundle");
  return {};
}

}  // namespace cmif::cli
