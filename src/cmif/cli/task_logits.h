// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_CLI_TASK_LOGITS_H_
#define CMIF_CLI_TASK_LOGITS_H_

#include <filesystem>

#include "cmif/base/parallel.h"
#include "cmif/base/status.h"
#include "cmif/client/cluster_units.h"

namespace cmif::cli {

// What a classifier makes of every token alone, for `task` clusters: the mean
// of its logits for the token bare and in "it is {} ." (reference/privacy.md
// C12). A public function of the model. It stands here because room client
// must not run models. UNIMPLEMENTED, naming the architecture, for a model
// that is no classifier; the errors of opening and running it. MiniLM on two
// cores: see docs of cmif split.
Result<client::TaskLogits> ComputeTaskLogits(const std::filesystem::path& model,
                                             const ProgressFn& progress);

}  // namespace cmif::cli

#endif  // CMIF_CLI_TASK_LOGITS_H_
