// What is damaged in a stream, for a person and for --json.
#pragma once

#include "client/cli/report/json.h"
#include "client/cli/session.h"
#include "trine/v1/coding.pb.h"

namespace trine::cli {

// Adds damages, their number, and what is lost.
void DamagesToJson(const v1::DecodeStreamSummary& summary, Json* json);

// A line for each of the first damages.
void PrintDamages(const v1::DecodeStreamSummary& summary, const Session& session);

}  // namespace trine::cli
