// SPDX-License-Identifier: Apache-2.0
// What cmif split says about the clusters it made.
#ifndef CMIF_CLI_SPLIT_REPORT_H_
#define CMIF_CLI_SPLIT_REPORT_H_

#include <nlohmann/json.hpp>
#include <string>

#include "cmif/client/cluster_units.h"

namespace cmif::cli {

// Adds the keys of the JSON contract to an object.
void AddClusterJson(const client::ClusterReport& report,
                    nlohmann::ordered_json& json);

// The same for people: lines that begin with two spaces and end with a newline.
std::string ClusterText(const client::ClusterReport& report);

}  // namespace cmif::cli

#endif  // CMIF_CLI_SPLIT_REPORT_H_
