// SPDX-License-Identifier: Apache-2.0
#include "cmif/crypto/jwt.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmif/base/byte_reader.h"
#include "cmif/crypto/base64url.h"

namespace cmif::crypto {
namespace {

using nlohmann::json;

std::unexpected<Status> NoToken() {
  return InvalidArgument("this is no JWT signed by ES256");
}

}  // namespace

std::string SignJwt(const P256Key& key, std::string_view claims) {
  const std::string header =
      fmt::format(R"({{"alg":"ES256","kid":"{}","typ":"JWT"}})",
                  ToBase64Url(key.public_key().Thumbprint()));
  const std::string text =
      ToBase64Url(AsBytes(header)) + "." + ToBase64Url(AsBytes(claims));
  return text + "." + ToBase64Url(key.Sign(AsBytes(text)));
}

Result<std::string> VerifyJwt(const P256PublicKey& key,
                              std::string_view token) {
  if (token.size() > kMaxJwtBytes) return NoToken();
  const size_t first = token.find('.');
  const size_t second = token.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) {
    return NoToken();
  }
  const auto header = FromBase64Url(token.substr(0, first));
  const auto claims =
      FromBase64Url(token.substr(first + 1, second - first - 1));
  const auto signature = FromBase64Url(token.substr(second + 1));
  Es256Signature rs{};
  if (!header || !claims || !signature || signature->size() != rs.size()) {
    return NoToken();
  }
  const json parsed = json::parse(*header, nullptr, /*allow_exceptions=*/false);
  // Without a copy: what is nested deeply would be copied by recursion.
  const auto algorithm = parsed.find("alg");
  if (!parsed.is_object() || algorithm == parsed.end() ||
      !algorithm->is_string() ||
      algorithm->get_ref<const std::string&>() != "ES256" ||
      parsed.contains("crit")) {
    return NoToken();
  }
  std::ranges::copy(*signature, rs.begin());
  if (!key.Verifies(AsBytes(token.substr(0, second)), rs)) {
    return Fail(Code::kUnauthenticated, "a token is not signed by this key");
  }
  return std::string(AsText(*claims));
}

}  // namespace cmif::crypto
