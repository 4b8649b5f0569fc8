// SPDX-License-Identifier: Apache-2.0
// An audit as files that need no network, no script and no viewer beyond a
// text editor and a browser.
#ifndef CMIF_EVAL_AUDIT_REPORT_H_
#define CMIF_EVAL_AUDIT_REPORT_H_

#include <filesystem>
#include <string>

#include "cmif/base/status.h"
#include "cmif/eval/audit.h"

namespace cmif::eval {

// One JSON object in one line. Holds words of the vocabulary (public), never
// the texts.
std::string AuditJson(const Audit& audit);

// `command`: what made the audit, shown at the top.
std::string AuditMarkdown(const Audit& audit, std::string_view command);

// Writes report.md, report.json and the plots utility.svg, attack.svg and
// losses.svg into the folder, making it if needed; none of them where the
// disk cannot take all. CheckWritableFolder()'s and AtomicFile's errors.
Result<void> WriteAuditReport(const Audit& audit, std::string_view command,
                              const std::filesystem::path& folder);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_AUDIT_REPORT_H_
