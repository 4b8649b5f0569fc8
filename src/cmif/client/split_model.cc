// SPDX-License-Identifier: Apache-2.0
#include "cmif/client/split_model.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ranges>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/parallel.h"
#include "cmif/client/channel_store.h"
#include "cmif/client/client_model.h"
#include "cmif/client/units.h"
#include "cmif/model/bundle.h"
#include "cmif/model/source_model.h"
#include "cmif/model/verify.h"

namespace cmif::client {
namespace {

namespace fs = std::filesystem;

ProgressFn Step(const StepProgress& progress, std::string_view step) {
  if (!progress) return {};
  return [&progress, step](double share) { progress(step, share); };
}

// Of a split in `folder`, relative to it: channels, body, bundle and manifest,
// as far as they are there.
std::vector<fs::path> PartsOf(const fs::path& folder) {
  std::vector<fs::path> parts;
  std::error_code error;
  const fs::path channels = folder / kChannelFolder;
  for (fs::directory_iterator it(channels, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == kChannelExtension) {
      parts.push_back(kChannelFolder / it->path().filename());
    }
  }
  for (const std::string_view name :
       {model::kBodyFile, model::kBundleFile, model::kManifestFile}) {
    if (fs::exists(fs::symlink_status(folder / name, error))) {
      parts.emplace_back(name);
    }
  }
  return parts;
}

// A folder in the target; goes away with everything in it unless its files were
// moved on. Meanwhile nobody else splits into the target: what is found there
// of the kind was left by a split that was killed: what that was about to
// replace is put back, and all else cleared away.
class Staging {
 public:
  // CheckWritableFolder()'s errors; ALREADY_EXISTS: another split works there.
  static Result<Staging> Create(const fs::path& target) {
    CMIF_TRY(CheckWritableFolder(target));
    Staging staging(open(target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (flock(staging.lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      return Fail(Code::kAlreadyExists,
                  "another split works in " + target.string() +
                      ": wait for it, or give another folder");
    }
    ClearAbandoned(target);
    std::string name = (target / kPrefix).string().append(kUnique);
    if (mkdtemp(name.data()) == nullptr) {
      return Fail(Code::kPermissionDenied,
                  "cannot create a folder in " + target.string());
    }
    staging.path_ = name;
    return staging;
  }
  ~Staging() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
    if (lock_ >= 0) close(lock_);
  }
  Staging(Staging&& other) noexcept
      : path_(std::exchange(other.path_, {})),
        lock_(std::exchange(other.lock_, -1)) {}
  Staging& operator=(Staging&&) = delete;

  const fs::path& path() const { return path_; }
  fs::path operator/(std::string_view name) const { return path_ / name; }

  // The staged parts take the place of those of an earlier split; all of them,
  // or none. The manifest is the first to go and the last to come: a folder
  // with a manifest is complete.
  Result<void> MoveAll(const fs::path& target) const {
    const fs::path old = path_ / kOld;
    auto gone = PartsOf(target);
    std::ranges::reverse(gone);
    const auto come = PartsOf(path_);
    std::vector<std::pair<fs::path, fs::path>> moved;
    std::error_code error;
    const auto move = [&](const fs::path& from, const fs::path& to) {
      fs::create_directories(to.parent_path(), error);
      fs::rename(from, to, error);
      if (!error) moved.emplace_back(from, to);
      return !error;
    };
    const bool done =
        std::ranges::all_of(
            gone, [&](const auto& p) { return move(target / p, old / p); }) &&
        WriteFileAtomically(path_ / kAllGone, {}) &&
        std::ranges::all_of(
            come, [&](const auto& p) { return move(path_ / p, target / p); });
    if (done) return {};
    const std::string why = error.message();
    for (const auto& [from, to] : moved | std::views::reverse) {
      fs::rename(to, from, error);
    }
    return Fail(Code::kPermissionDenied,
                "cannot put the parts into " + target.string() + ": " + why);
  }

 private:
  static constexpr std::string_view kPrefix = ".split-";
  static constexpr std::string_view kUnique = "XXXXXX";
  static constexpr std::string_view kOld = "old";
  static constexpr std::string_view kAllGone = "all-gone";

  explicit Staging(int lock) : lock_(lock) {}

  static void ClearAbandoned(const fs::path& target) {
    std::error_code error;
    std::vector<fs::path> found;
    for (fs::directory_iterator it(target, error), end; !error && it != end;
         it.increment(error)) {
      const std::string name = it->path().filename().string();
      if (name.starts_with(kPrefix) &&
          name.size() == kPrefix.size() + kUnique.size()) {
        found.push_back(it->path());
      }
    }
    for (const fs::path& folder : found) {
      if (PutBack(folder, target)) fs::remove_all(folder, error);
    }
  }

  // The split that a killed one was about to replace, unless there is a whole
  // one. False if not all of it could be put back.
  static bool PutBack(const fs::path& folder, const fs::path& target) {
    std::error_code error;
    const fs::path old = folder / kOld;
    if (!fs::exists(old / model::kManifestFile, error) ||
        fs::exists(target / model::kManifestFile, error)) {
      return true;
    }
    // Then what lies in the target is of the new one.
    if (fs::exists(folder / kAllGone, error)) {
      for (const fs::path& part : PartsOf(target)) {
        fs::remove(target / part, error);
      }
    }
    return std::ranges::all_of(PartsOf(old), [&](const fs::path& part) {
      fs::create_directories((target / part).parent_path(), error);
      fs::rename(old / part, target / part, error);
      return !error;
    });
  }

  fs::path path_;
  int lock_;  // the target's descriptor
};

Result<model::Manifest> WriteParts(const SplitOptions& options,
                                   const model::SourceModel& source,
                                   const ClusteredUnits& clustered,
                                   const Staging& staging,
                                   const StepProgress& progress) {
  model::Manifest manifest;
  manifest.facts = source.facts();
  manifest.facts.clustering = clustered.report.kind;
  manifest.facts.cluster_size = static_cast<uint32_t>(clustered.report.size);
  const fs::path body = staging / model::kBodyFile;
  const fs::path bundle = staging / model::kBundleFile;
  CMIF_TRY(source.WriteBody(body, Step(progress, "writing body.gguf")));
  CMIF_ASSIGN(manifest.facts.body_sha256, model::HashFile(body));
  const std::vector<uint8_t> tokenizer = source.TokenizerGguf();
  const std::vector<uint8_t> clusters = clustered.clustering.ToBytes();
  const model::Sealing sealing{.key = options.seal_key.get(),
                               .owner = options.owner};
  CMIF_TRY(model::WriteBundle(bundle, manifest.facts,
                              {.tokenizer = tokenizer,
                               .table = source.table(),
                               .clusters = clusters,
                               .head = source.head()},
                              options.seal_key ? &sealing : nullptr));
  manifest.body_bytes = fs::file_size(body);
  manifest.bundle_bytes = fs::file_size(bundle);
  CMIF_ASSIGN(manifest.bundle_sha256, model::HashFile(bundle));
  CMIF_TRY(WriteFileAtomically(staging / model::kManifestFile,
                               AsBytes(model::ManifestToJson(manifest))));
  return manifest;
}

Result<void> BuildChannels(const SplitOptions& options, const Staging& staging,
                           const StepProgress& progress) {
  CMIF_ASSIGN(const std::shared_ptr<ClientModel> client,
              ClientModel::Open(staging.path(), {.key = options.seal_key}));
  for (const privacy::Epsilon epsilon : options.epsilons) {
    const std::string step =
        fmt::format("channel for epsilon {}", epsilon.value());
    const ChannelOptions channel = {.spec =
                                        DefaultSpec(client->facts(), epsilon)};
    CMIF_ASSIGN(const OpenedChannel opened,
                OpenChannelWithHash(*client, channel, Step(progress, step)));
    CMIF_TRY(opened.kept);
  }
  return {};
}

Result<void> CheckTarget(const SplitOptions& options) {
  for (const fs::path& part : PartsOf(options.folder)) {
    const fs::path file = options.folder / part;
    std::error_code error;
    if (fs::equivalent(file, options.source, error)) {
      return InvalidArgument(file.string() +
                             " is the model itself and would be replaced; "
                             "give another folder");
    }
    if (fs::is_directory(file, error)) {
      return Fail(Code::kAlreadyExists,
                  file.string() +
                      " is a folder, where a file of the split has to go; "
                      "give another folder");
    }
    if (!options.overwrite) {
      return Fail(Code::kAlreadyExists,
                  options.folder.string() +
                      " holds a split model, or parts of one, already; give "
                      "another folder, or --force to replace it");
    }
  }
  return {};
}

}  // namespace

Result<void> CheckSplitTarget(const SplitOptions& options) {
  // Puts back what a killed split left.
  CMIF_ASSIGN(const Staging staging, Staging::Create(options.folder));
  return CheckTarget(options);
}

Result<SplitResult> SplitModel(const SplitOptions& options,
                               const StepProgress& progress) {
  CMIF_TRY(CheckClusterOptions(options.clustering));
  if ((options.seal_key == nullptr) != (options.owner == nullptr)) {
    return InvalidArgument(
        "a sealed bundle needs both a key to seal it and its owner's key to "
        "sign it");
  }
  CMIF_ASSIGN(model::SourceModel source,
              model::SourceModel::Open(options.source, options.head_on_client));
  CMIF_ASSIGN(const Staging staging, Staging::Create(options.folder));
  CMIF_TRY(CheckTarget(options));
  CMIF_ASSIGN(const model::Tokenizer tokenizer,
              model::Tokenizer::Create(source.TokenizerGguf()));
  source.Identify(Step(progress, "hashing the model"));
  const UnitTable units = UnitTable::Create(tokenizer);
  CMIF_ASSIGN(const model::EmbeddingTable table, source.Table());
  CMIF_ASSIGN(const privacy::RowMatrix rows, CentredRows(table));
  CMIF_ASSIGN(ClusteredUnits clustered,
              ClusterUnits(options.clustering, tokenizer, units, rows,
                           Step(progress, "clustering words")));
  SplitResult result;
  CMIF_ASSIGN(result.manifest,
              WriteParts(options, source, clustered, staging, progress));
  CMIF_TRY(BuildChannels(options, staging, progress));
  if (options.keep_key) CMIF_TRY(options.keep_key());
  CMIF_TRY(staging.MoveAll(options.folder));
  result.clustering = std::move(clustered.report);
  return result;
}

}  // namespace cmif::client
