// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/collateral.h"

#include <algorithm>
#include <tuple>

#include "cmif/base/byte_reader.h"
#include "cmif/tee/encoding.h"
#include "cmif/tee/raw_member.h"
#include "cmif/tee/strict_json-inl.h"

namespace cmif::tee {
namespace {

using nlohmann::json;

constexpr size_t kMaxLevels = 256;

template <size_t kSize>
std::array<uint8_t, kSize> Hex(JsonReader& fields, const char* key) {
  std::array<uint8_t, kSize> array;
  std::ranges::copy(fields.Hex(key, kSize), array.begin());
  return array;
}

Time Date(JsonReader& fields, const char* key) {
  const auto time = ParseTime(fields.Text(key));
  if (!time) fields.Bad(key, "a time of RFC 3339");
  return time.value_or(Time{});
}

// At most kMaxLevels entries.
const json& Levels(JsonReader& fields, const char* key) {
  const json& levels = fields.Array(key);
  if (levels.size() > kMaxLevels) fields.Bad(key, "short enough");
  return levels;
}

void ReadSigned(JsonReader& fields, SignedText& out) {
  out.id = fields.Text("id");
  out.version = fields.Number("version", 255);
  out.issue_date = Date(fields, "issueDate");
  out.next_update = Date(fields, "nextUpdate");
  out.evaluation_number = fields.Number("tcbEvaluationDataNumber", UINT32_MAX);
}

std::array<uint16_t, 16> Components(JsonReader& fields, const char* key) {
  std::array<uint16_t, 16> svns{};
  const json& list = fields.Array(key);
  if (list.size() != svns.size()) {
    fields.Bad(key, "a list of 16 components");
    return svns;
  }
  for (size_t i = 0; i < svns.size(); ++i) {
    JsonReader component(list[i], key);
    svns[i] = static_cast<uint16_t>(component.Number("svn", UINT16_MAX));
    if (!component.Done()) fields.Bad(key, "a list of components with an svn");
  }
  return svns;
}

// Status, date and advisories, which every kind of level has.
template <typename Level>
void ReadState(JsonReader& fields, Level& level) {
  level.status = fields.Text("tcbStatus");
  level.date = FormatTime(Date(fields, "tcbDate"));
  level.advisories = fields.Texts("advisoryIDs");
}

Result<TcbLevel> ReadLevel(const json& object, bool tdx) {
  JsonReader fields(object, "tcbLevels");
  TcbLevel level{};
  ReadState(fields, level);
  const json* tcb = fields.Find("tcb");
  if (tcb == nullptr) return DataLoss("a TCB level has no components");
  JsonReader svns(*tcb, "tcb");
  level.sgx_components = Components(svns, "sgxtcbcomponents");
  level.pce_svn = static_cast<uint16_t>(svns.Number("pcesvn", UINT16_MAX));
  if (tdx) level.tdx_components = Components(svns, "tdxtcbcomponents");
  CMIF_TRY(svns.Done());
  CMIF_TRY(fields.Done());
  return level;
}

Result<std::vector<SvnLevel>> ReadSvnLevels(JsonReader& fields) {
  std::vector<SvnLevel> levels;
  for (const json& object : Levels(fields, "tcbLevels")) {
    JsonReader level_fields(object, "tcbLevels");
    SvnLevel level{};
    ReadState(level_fields, level);
    const json* tcb = level_fields.Find("tcb");
    if (tcb == nullptr) return DataLoss("an enclave's TCB level has no svn");
    JsonReader svn(*tcb, "tcb");
    level.svn = static_cast<uint16_t>(svn.Number("isvsvn", UINT16_MAX));
    CMIF_TRY(svn.Done());
    CMIF_TRY(level_fields.Done());
    levels.push_back(std::move(level));
  }
  std::ranges::stable_sort(levels, std::ranges::greater{}, &SvnLevel::svn);
  return levels;
}

Result<TdxModule> ReadModule(const json& object, bool named) {
  JsonReader fields(object, "tdxModule");
  TdxModule module{};
  module.mr_signer = Hex<48>(fields, "mrsigner");
  module.attributes = Hex<8>(fields, "attributes");
  module.attributes_mask = Hex<8>(fields, "attributesMask");
  if (named) {
    module.id = fields.Text("id");
    CMIF_ASSIGN(module.levels, ReadSvnLevels(fields));
  }
  CMIF_TRY(fields.Done());
  return module;
}

Result<TcbInfo> ReadTcbInfo(SignedText signed_text) {
  CMIF_ASSIGN(const json object, ParseStrictJson(signed_text.text));
  JsonReader fields(object, "tcbInfo");
  TcbInfo info{};
  info.signed_text = std::move(signed_text);
  ReadSigned(fields, info.signed_text);
  const bool tdx = info.signed_text.id == "TDX";
  if (!tdx && info.signed_text.id != "SGX") fields.Bad("id", "SGX or TDX");
  if (info.signed_text.version != 3) fields.Bad("version", "3");
  info.fmspc = Hex<6>(fields, "fmspc");
  info.pce_id = Hex<2>(fields, "pceId");
  if (fields.Number("tcbType", UINT32_MAX) != 0) fields.Bad("tcbType", "0");
  for (const json& level : Levels(fields, "tcbLevels")) {
    CMIF_ASSIGN(TcbLevel read, ReadLevel(level, tdx));
    info.levels.push_back(std::move(read));
  }
  const auto order = [](const TcbLevel& level) {
    return std::tie(level.sgx_components, level.pce_svn, level.tdx_components);
  };
  std::ranges::stable_sort(info.levels, [&](const auto& a, const auto& b) {
    return order(a) > order(b);
  });
  if (const json* module = fields.Find("tdxModule")) {
    CMIF_ASSIGN(info.module, ReadModule(*module, /*named=*/false));
  }
  for (const json& module : Levels(fields, "tdxModuleIdentities")) {
    CMIF_ASSIGN(TdxModule read, ReadModule(module, /*named=*/true));
    info.modules.push_back(std::move(read));
  }
  CMIF_TRY(fields.Done());
  return info;
}

Result<QeIdentity> ReadQeIdentity(SignedText signed_text) {
  CMIF_ASSIGN(const json object, ParseStrictJson(signed_text.text));
  JsonReader fields(object, "enclaveIdentity");
  QeIdentity identity{};
  identity.signed_text = std::move(signed_text);
  ReadSigned(fields, identity.signed_text);
  if (identity.signed_text.version != 2) fields.Bad("version", "2");
  identity.misc_select = Hex<4>(fields, "miscselect");
  identity.misc_select_mask = Hex<4>(fields, "miscselectMask");
  identity.attributes = Hex<16>(fields, "attributes");
  identity.attributes_mask = Hex<16>(fields, "attributesMask");
  identity.mr_signer = Hex<32>(fields, "mrsigner");
  identity.product_id =
      static_cast<uint16_t>(fields.Number("isvprodid", UINT16_MAX));
  CMIF_ASSIGN(identity.levels, ReadSvnLevels(fields));
  CMIF_TRY(fields.Done());
  return identity;
}

// An answer of Intel's service: the signed text is a member as it stands.
Result<Collateral> ReadAnswer(std::string_view text, JsonReader& fields,
                              const char* member) {
  CMIF_ASSIGN(const std::string_view raw, RawMember(text, member));
  SignedText signed_text{};
  signed_text.text = raw;
  signed_text.signature = Hex<64>(fields, "signature");
  CMIF_TRY(fields.Done());
  Collateral collateral;
  if (member == std::string_view("tcbInfo")) {
    CMIF_ASSIGN(TcbInfo info, ReadTcbInfo(std::move(signed_text)));
    collateral.tcb_infos.push_back(std::move(info));
  } else {
    CMIF_ASSIGN(QeIdentity identity, ReadQeIdentity(std::move(signed_text)));
    collateral.qe_identities.push_back(std::move(identity));
  }
  return collateral;
}

Result<Crl> ReadCrl(const std::string& text) {
  if (text.find(kPemBegin) != std::string::npos) return Crl::FromPem(text);
  return Crl::FromDer(Unwrapped(AsBytes(text)));
}

// All collateral of one platform, texts in strings.
Result<Collateral> ReadBundle(JsonReader& fields) {
  SignedText tcb_info{};
  tcb_info.text = fields.Text("tcb_info");
  tcb_info.signature = Hex<64>(fields, "tcb_info_signature");
  SignedText identity{};
  identity.text = fields.Text("qe_identity");
  identity.signature = Hex<64>(fields, "qe_identity_signature");
  CMIF_TRY(fields.Done());
  Collateral collateral;
  CMIF_ASSIGN(collateral.tcb_infos.emplace_back(),
              ReadTcbInfo(std::move(tcb_info)));
  CMIF_ASSIGN(collateral.qe_identities.emplace_back(),
              ReadQeIdentity(std::move(identity)));
  for (const char* key : {"tcb_info_issuer_chain", "qe_identity_issuer_chain",
                          "pck_crl_issuer_chain"}) {
    if (!fields.Has(key)) continue;
    CMIF_ASSIGN(const auto chain, CertificatesFromPem(fields.Text(key)));
    collateral.certificates.insert(collateral.certificates.end(), chain.begin(),
                                   chain.end());
  }
  for (const char* key : {"root_ca_crl", "pck_crl"}) {
    if (!fields.Has(key)) continue;
    CMIF_ASSIGN(Crl crl, ReadCrl(fields.Text(key)));
    collateral.crls.push_back(std::move(crl));
  }
  CMIF_TRY(fields.Done());
  return collateral;
}

}  // namespace

Result<Collateral> ReadCollateral(std::string_view text) {
  CMIF_ASSIGN(const json object, ParseStrictJson(text));
  JsonReader fields(object, "");
  for (const char* member : {"tcbInfo", "enclaveIdentity"}) {
    if (fields.Has(member)) return ReadAnswer(text, fields, member);
  }
  if (fields.Has("tcb_info")) return ReadBundle(fields);
  return DataLoss("a JSON text is no collateral that this program knows");
}

}  // namespace cmif::tee
