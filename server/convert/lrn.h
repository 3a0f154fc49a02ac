// Options of local response normalization from messages, and what was resolved back into them.
#pragma once

#include "absl/status/statusor.h"
#include "core/normalize/lrn.h"
#include "trine/v1/normalization.pb.h"

namespace trine::server {

// INVALID_ARGUMENT naming "options.<field>" for an enum value that is not known. The values
// themselves are normalize::Resolve's to judge.
absl::StatusOr<normalize::LrnOptions> LrnOptionsFromProto(const v1::LrnOptions& options);

void ResolvedToProto(const normalize::Resolved& resolved, v1::LrnResolved* out);

}  // namespace trine::server
