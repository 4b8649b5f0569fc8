// SPDX-License-Identifier: Apache-2.0
// kbs_messages.h: names and paths of bundle keys.
#include <fmt/format.h>

#include <algorithm>

#include "cmif/broker/kbs_messages.h"

namespace cmif::broker {
namespace {

bool IsVersionCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool IsLowerHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

bool IsResource(const Resource& resource) {
  return resource.model_id.size() == 64 &&
         std::ranges::all_of(resource.model_id, IsLowerHex) &&
         !resource.version.empty() && resource.version.size() <= 64 &&
         resource.version[0] != '.' &&
         std::ranges::all_of(resource.version, IsVersionCharacter);
}

std::string ResourcePath(const Resource& resource) {
  return fmt::format("{}model/{}/{}", kResourcePath, resource.model_id,
                     resource.version);
}

Result<Resource> ReadResourcePath(std::string_view path) {
  const std::string prefix = std::string(kResourcePath) + "model/";
  Resource resource;
  if (path.starts_with(prefix)) {
    path.remove_prefix(prefix.size());
    const size_t slash = path.find('/');
    resource.model_id = path.substr(0, slash);
    if (slash != path.npos) resource.version = path.substr(slash + 1);
  }
  if (!IsResource(resource)) {
    return NotFound(
        "there are resources model/MODEL_ID/VERSION alone (MODEL_ID: 64 hex "
        "digits)");
  }
  return resource;
}

}  // namespace cmif::broker
