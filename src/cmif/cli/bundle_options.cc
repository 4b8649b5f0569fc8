// SPDX-License-Identifier: Apache-2.0
#include "cmif/cli/bundle_options.h"

#include <filesystem>

#include "cmif/base/byte_reader.h"
#include "cmif/base/file.h"
#include "cmif/base/random.h"
#include "cmif/crypto/sha256.h"

namespace cmif::cli {
namespace {

constexpr uint64_t kMaxKeyFileBytes = 16384;

Result<std::shared_ptr<const crypto::SealKey>> ReadKeyFile(
    const std::string& path) {
  CMIF_ASSIGN(std::string text, ReadFile(path, kMaxKeyFileBytes));
  while (text.ends_with('\n')) text.pop_back();
  auto bytes = crypto::FromHex(text);
  SecureWipe(text.data(), text.size());
  if (!bytes || bytes->size() != crypto::SealKey::kBytes) {
    return InvalidArgument(path +
                           " is no bundle key (64 hex digits, as cmif split "
                           "--seal writes them)");
  }
  CMIF_ASSIGN(auto key, crypto::SealKey::FromBytes(*bytes));
  SecureWipe(bytes->data(), bytes->size());
  return std::make_shared<const crypto::SealKey>(std::move(key));
}

}  // namespace

void AddBundleAccessOptions(CLI::App& command, BundleOptions& options) {
  command.add_option("--bundle-key", options.key_file,
                     "the key of a sealed bundle, a file that cmif split "
                     "--seal wrote");
  command.add_option("--owner-key", options.owner_file,
                     "accept the bundle only with a signature of this Ed25519 "
                     "public key (PEM)");
}

void AddBundleOptions(CLI::App& command, BundleOptions& options) {
  command
      .add_option("--bundle", options.folder,
                  "the folder that cmif split wrote")
      ->required();
  AddBundleAccessOptions(command, options);
}

Result<model::BundleAccess> AccessOf(const BundleOptions& options) {
  model::BundleAccess access;
  if (!options.key_file.empty()) {
    CMIF_ASSIGN(access.key, ReadKeyFile(options.key_file));
  }
  if (!options.owner_file.empty()) {
    CMIF_ASSIGN(const std::string pem,
                ReadFile(options.owner_file, kMaxKeyFileBytes));
    auto owner = crypto::Ed25519PublicKeyFromPem(pem);
    if (!owner) return std::unexpected(owner.error().At(options.owner_file));
    access.owner = *owner;
  }
  return access;
}

Result<std::shared_ptr<client::ClientModel>> OpenModel(
    const BundleOptions& options) {
  CMIF_ASSIGN(const model::BundleAccess access, AccessOf(options));
  return client::ClientModel::Open(options.folder, access,
                                   options.oblivious
                                       ? client::RowFetch::kOblivious
                                       : client::RowFetch::kDirect);
}

Result<crypto::Ed25519Signer> ReadSigner(const std::string& path) {
  CMIF_ASSIGN(std::string pem, ReadFile(path, kMaxKeyFileBytes));
  auto signer = crypto::Ed25519Signer::FromPem(pem);
  SecureWipe(pem.data(), pem.size());
  if (!signer) return std::unexpected(signer.error().At(path));
  return signer;
}

Result<std::shared_ptr<const crypto::SealKey>> CreateKeyFile(
    const std::string& path) {
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
  CMIF_TRY(file.Commit());
  return key;
}

}  // namespace cmif::cli
