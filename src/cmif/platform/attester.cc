// SPDX-License-Identifier: Apache-2.0
#include "cmif/platform/attester.h"
