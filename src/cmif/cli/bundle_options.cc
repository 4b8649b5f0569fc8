// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/bundle_options.h"

#include <filesystem>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/random.h"
#include "cmif/base/secret_bytes.h"
#include "cmif/cli/tls_options.h"
#include "cmif/crypto/sha256.h"
#include "cmif/model/verify.h"

namespace cmif::cli {
namespace {

constexpr uint64_t kMaxKeyFileBytes = 16384;

Result<std::shared_ptr<const crypto::SealKey>> ReadKeyFile(
    const std::string& path) {
  CMIF_ASSIGN(const SecretBytes text, ReadSecretFile(path, kMaxKeyFileBytes));
  auto key = crypto::SealKey::FromHex(AsText(text.bytes()));
  if (!key) return std::unexpected(key.error().At(path));
  return std::make_shared<const crypto::SealKey>(*std::move(key));
}

Result<std::optional<crypto::Ed25519PublicKey>> OwnerOf(
    const BundleOptions& options) {
  if (options.owner_file.empty()) return std::nullopt;
  CMIF_ASSIGN(const std::string pem,
              ReadFile(options.owner_file, kMaxKeyFileBytes));
  auto owner = crypto::Ed25519PublicKeyFromPem(pem);
  if (!owner) return std::unexpected(owner.error().At(options.owner_file));
  return *owner;
}

// The folder with the manifest: `path`, or where the file lies.
Result<model::Manifest> ManifestBeside(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return model::ReadManifest(path);
  return model::ReadManifest(path.has_parent_path() ? path.parent_path()
                                                    : fs::path("."));
}

struct Opened {
  model::BundleAccess access;
  std::optional<broker::BoundConfiguration> bound;
  std::shared_ptr<broker::KeyLease> lease;
};

// All that has to be so before a key is asked for or read.
Result<std::optional<broker::BoundConfiguration>> CheckBound(
    const BundleOptions& options) {
  CMIF_ASSIGN(auto bound, ReadBound(options.broker));
  if (!bound) return bound;
  CMIF_ASSIGN(const broker::ClientSettings settings, SettingsOf(options));
  CMIF_TRY(bound->CheckKeys(settings));
  CMIF_TRY(CheckOwnEvidence(options.broker, *bound));
  return bound;
}

Result<Opened> Open(const BundleOptions& options) {
  Opened opened;
  const bool by_broker = !options.broker.url.empty();
  if (by_broker && !options.key_file.empty()) {
    return InvalidArgument("--broker and --bundle-key exclude each other");
  }
  if (!by_broker &&
      (!options.broker.key.empty() || !options.broker.authority.empty())) {
    return InvalidArgument("--broker-key and --broker-ca need --broker");
  }
  CMIF_ASSIGN(opened.bound, CheckBound(options));
  CMIF_ASSIGN(opened.access.owner, OwnerOf(options));
  if (!options.key_file.empty()) {
    CMIF_ASSIGN(opened.access.key, ReadKeyFile(options.key_file));
  }
  if (!by_broker) return opened;
  CMIF_ASSIGN(const model::Manifest manifest, ManifestBeside(options.folder));
  const model::ModelFacts& facts = manifest.facts;
  if (opened.bound) {
    CMIF_TRY(opened.bound->CheckModel(facts.model_id, facts.partition));
  }
  CMIF_ASSIGN(opened.lease,
              LeaseKey(options.broker, facts.model_id, opened.bound));
  opened.access.key = opened.lease->TakeKey();
  return opened;
}

}  // namespace

void AddBundleAccessOptions(CLI::App& command, BundleOptions& options) {
  command.add_option("--bundle-key", options.key_file,
                     "the key of a sealed bundle, a file that cmif split "
                     "--seal wrote");
  command.add_option("--owner-key", options.owner_file,
                     "accept the bundle only with a signature of this Ed25519 "
                     "public key (PEM)");
  AddBrokerOptions(command, options.broker);
}

void AddBundleOptions(CLI::App& command, BundleOptions& options) {
  command
      .add_option("--bundle", options.folder,
                  "the folder that cmif split wrote")
      ->required();
  AddBundleAccessOptions(command, options);
}

Result<broker::ClientSettings> SettingsOf(const BundleOptions& options) {
  broker::ClientSettings settings;
  CMIF_ASSIGN(settings.owner_key, OwnerOf(options));
  if (!options.broker.key.empty()) {
    CMIF_ASSIGN(settings.broker_key,
                ReadKeyHash("--broker-key", options.broker.key));
  }
  return settings;
}

Result<model::BundleAccess> AccessOf(const BundleOptions& options) {
  CMIF_ASSIGN(Opened opened, Open(options));
  return std::move(opened.access);
}

Result<std::shared_ptr<client::ClientModel>> OpenModel(
    const BundleOptions& options) {
  CMIF_ASSIGN(const Opened opened, Open(options));
  CMIF_ASSIGN(auto model, client::ClientModel::Open(
                              options.folder, opened.access,
                              options.oblivious ? client::RowFetch::kOblivious
                                                : client::RowFetch::kDirect));
  if (opened.bound) {
    CMIF_TRY(opened.bound->CheckModel(model->facts().model_id,
                                      model->facts().partition));
  }
  if (opened.lease) {
    model->ledger().Limit(opened.lease->claims().lease.max_rows,
                          [lease = opened.lease] { return lease->Check(); });
  }
  return model;
}

Result<crypto::Ed25519Signer> ReadSigner(const std::string& path) {
  CMIF_ASSIGN(const SecretBytes pem, ReadSecretFile(path, kMaxKeyFileBytes));
  auto signer = crypto::Ed25519Signer::FromPem(AsText(pem.bytes()));
  if (!signer) return std::unexpected(signer.error().At(path));
  return signer;
}

Result<NewKey> NewKey::Create(const std::string& path) {
  if (std::filesystem::exists(path)) {
    return Fail(Code::kAlreadyExists,
                path +
                    " exists; give the name of a new file for the bundle's "
                    "key");
  }
  OsRandom random;
  auto key = std::make_shared<const crypto::SealKey>(
      crypto::SealKey::FromRandom(random));
  std::string text = crypto::ToHex(key->bytes()) + "\n";
  CMIF_ASSIGN(AtomicFile file,
              AtomicFile::Create(path, AtomicFile::Readers::kOwner));
  CMIF_TRY(file.Write(AsBytes(text)));
  SecureWipe(text.data(), text.size());
  return NewKey{std::move(key), std::move(file)};
}

}  // namespace cmif::cli
