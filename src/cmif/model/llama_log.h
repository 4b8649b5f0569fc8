// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_MODEL_LLAMA_LOG_H_
#define CMIF_MODEL_LLAMA_LOG_H_

#include <string>

namespace cmif::model {

// Takes the log of llama.cpp and ggml away from standard error (once for the
// process; later calls do nothing) and keeps the last error line of each
// thread. Thread-safe.
void CaptureLlamaLog();

// The last error line logged on this thread since the last call, without its
// function prefix; "" if there was none. Used for failures at load time only:
// those lines name keys, tensors and shapes of the file, never user text.
std::string TakeLlamaError();

}  // namespace cmif::model

#endif  // CMIF_MODEL_LLAMA_LOG_H_
