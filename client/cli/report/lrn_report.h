// What local response normalization computed with, for people and programs.
#pragma once

#include <string>

#include "client/cli/report/json.h"
#include "client/cli/session.h"
#include "trine/v1/normalization.pb.h"

namespace trine::cli {

// The "resolved" object: preset, mode, layout, activation, size, lo, hi, a, beta, k.
Json ResolvedJson(const v1::LrnResolved& resolved);
// "alexnet, across-channels, nchw: y = x * (2 + 0.0001 * sum of squares)^-0.75, 2 below and 2
// above"
std::string ResolvedText(const v1::LrnResolved& resolved);
// Says what a picture of integers was multiplied by; nothing of 1.
void PrintOutputScale(double output_scale, const Session& session);

}  // namespace trine::cli
