// SPDX-License-Identifier: Apache-2.0
#include "cmif/tee/intel_tcb.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cmif::tee {
namespace {

using Status = IntelTcbStatus;

constexpr std::pair<Status, std::string_view> kNames[] = {
    {Status::kUpToDate, "UpToDate"},
    {Status::kSwHardeningNeeded, "SWHardeningNeeded"},
    {Status::kConfigurationNeeded, "ConfigurationNeeded"},
    {Status::kConfigurationAndSwHardeningNeeded,
     "ConfigurationAndSWHardeningNeeded"},
    {Status::kTdRelaunchAdvised, "TDRelaunchAdvised"},
    {Status::kTdRelaunchAdvisedConfigurationNeeded,
     "TDRelaunchAdvisedConfigurationNeeded"},
    {Status::kOutOfDate, "OutOfDate"},
    {Status::kOutOfDateConfigurationNeeded, "OutOfDateConfigurationNeeded"},
    {Status::kRevoked, "Revoked"},
    {Status::kNotSupported, "NotSupported"},
};

bool NeedsConfiguration(Status status) {
  return status == Status::kConfigurationNeeded ||
         status == Status::kConfigurationAndSwHardeningNeeded ||
         status == Status::kOutOfDateConfigurationNeeded;
}

bool IsOutOfDate(Status status) {
  return status == Status::kOutOfDate ||
         status == Status::kOutOfDateConfigurationNeeded;
}

// Up to date but for configuration and software.
bool IsCurrent(Status status) {
  return status == Status::kUpToDate || status == Status::kSwHardeningNeeded ||
         status == Status::kConfigurationNeeded ||
         status == Status::kConfigurationAndSwHardeningNeeded;
}

// A platform's status, made worse by that of a module or the QE.
Status Merge(Status platform, Status part) {
  if (part == Status::kUpToDate) return platform;
  if (part != Status::kOutOfDate) {
    // Only UpToDate, OutOfDate and Revoked are said of modules and enclaves.
    return part == Status::kRevoked ? part : Status::kNotSupported;
  }
  if (!IsCurrent(platform)) return platform;
  return NeedsConfiguration(platform) ? Status::kOutOfDateConfigurationNeeded
                                      : Status::kOutOfDate;
}

template <typename Svns, typename Components>
bool Reaches(const Svns& svns, const Components& level, size_t first = 0) {
  for (size_t i = first; i < level.size(); ++i) {
    if (svns[i] < level[i]) return false;
  }
  return true;
}

// Levels by what of them is reached: SGX's part alone, and all.
struct Matched {
  const TcbLevel* sgx = nullptr;
  const TcbLevel* all = nullptr;
};

Matched Match(const TcbInfo& info, const PckExtension& pck, const TdBody* td) {
  Matched matched;
  for (const TcbLevel& level : info.levels) {
    if (!Reaches(pck.component_svn, level.sgx_components) ||
        pck.pce_svn < level.pce_svn) {
      continue;
    }
    if (matched.sgx == nullptr) matched.sgx = &level;
    const size_t first = td != nullptr && td->tee_tcb_svn[1] > 0 ? 2 : 0;
    if (td == nullptr ||
        Reaches(td->tee_tcb_svn, level.tdx_components, first)) {
      matched.all = &level;
      return matched;
    }
  }
  return matched;
}

const SvnLevel* Match(const std::vector<SvnLevel>& levels, uint16_t svn) {
  const auto found = std::ranges::find_if(
      levels, [&](const SvnLevel& level) { return level.svn <= svn; });
  return found == levels.end() ? nullptr : &*found;
}

void AddAdvisories(const std::vector<std::string>& more, IntelTcb& tcb) {
  for (const std::string& id : more) {
    if (std::ranges::count(tcb.advisories, id) == 0) {
      tcb.advisories.push_back(id);
    }
  }
}

// The status of the level that `svn` reaches.
Status RateSvn(const std::vector<SvnLevel>& levels, uint16_t svn,
               IntelTcb& tcb) {
  const SvnLevel* level = Match(levels, svn);
  if (level == nullptr) return Status::kNotSupported;
  AddAdvisories(level->advisories, tcb);
  return IntelTcbStatusOf(level->status);
}

// Whether the module and the platform that the TD runs on now are as new as
// Intel knows them.
bool RunsOnNewest(const TcbInfo& info,
                  const std::array<uint8_t, 16>& tee_tcb_svn2) {
  const TcbLevel& newest = info.levels.front();
  if (tee_tcb_svn2[2] < newest.tdx_components[2]) return false;
  if (tee_tcb_svn2[1] == 0) {
    return tee_tcb_svn2[0] >= newest.tdx_components[0];
  }
  const TdxModule* module = FindTdxModule(info, tee_tcb_svn2[1]);
  return module != nullptr && !module->levels.empty() &&
         tee_tcb_svn2[0] >= module->levels.front().svn;
}

Status RateTd(const TcbInfo& info, const TdBody& td, const Matched& matched,
              IntelTcb& tcb) {
  const Status status = Merge(tcb.platform, tcb.module);
  const Status sgx = IntelTcbStatusOf(matched.sgx->status);
  if (td.tee_tcb_svn2 && IsCurrent(sgx) && IsOutOfDate(status) &&
      tcb.module == Status::kOutOfDate && tcb.qe == Status::kUpToDate &&
      RunsOnNewest(info, *td.tee_tcb_svn2)) {
    return NeedsConfiguration(sgx) || NeedsConfiguration(status)
               ? Status::kTdRelaunchAdvisedConfigurationNeeded
               : Status::kTdRelaunchAdvised;
  }
  return status;
}

}  // namespace

std::string_view IntelTcbStatusName(IntelTcbStatus status) {
  return std::ranges::find(kNames, status,
                           &std::pair<Status, std::string_view>::first)
      ->second;
}

IntelTcbStatus IntelTcbStatusOf(std::string_view name) {
  const auto* found = std::ranges::find(
      kNames, name, &std::pair<Status, std::string_view>::second);
  return found == std::end(kNames) ? Status::kNotSupported : found->first;
}

const TdxModule* FindTdxModule(const TcbInfo& info, uint8_t version) {
  if (version == 0) return info.module ? &*info.module : nullptr;
  const auto found = std::ranges::find(
      info.modules, fmt::format("TDX_{:02X}", version), &TdxModule::id);
  return found == info.modules.end() ? nullptr : &*found;
}

IntelTcb RateIntelTcb(const TcbInfo& info, const QeIdentity& identity,
                      const PckExtension& pck, const Quote& quote) {
  IntelTcb tcb;
  const TdBody* td = quote.td();
  const Matched matched = Match(info, pck, td);
  tcb.qe = RateSvn(identity.levels, quote.qe_report.svn, tcb);
  if (td != nullptr && td->tee_tcb_svn[1] > 0) {
    const TdxModule* module = FindTdxModule(info, td->tee_tcb_svn[1]);
    tcb.module = module == nullptr
                     ? Status::kNotSupported
                     : RateSvn(module->levels, td->tee_tcb_svn[0], tcb);
  }
  if (matched.all == nullptr) return tcb;
  AddAdvisories(matched.all->advisories, tcb);
  tcb.platform = IntelTcbStatusOf(matched.all->status);
  tcb.date = matched.all->date;
  tcb.status = Merge(
      td != nullptr ? RateTd(info, *td, matched, tcb) : tcb.platform, tcb.qe);
  return tcb;
}

}  // namespace cmif::tee
