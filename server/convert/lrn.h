// Options of local response normalization from messages, and what was resolved back into them.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/tensor.h"
#include "core/normalize/lrn.h"
#include "trine/v1/normalization.pb.h"

namespace trine::server {

// INVALID_ARGUMENT naming "options.<field>" for an enum value that is not known. The values
// themselves are normalize::Resolve's to judge.
absl::StatusOr<normalize::LrnOptions> LrnOptionsFromProto(const v1::LrnOptions& options);

void ResolvedToProto(const normalize::Resolved& resolved, v1::LrnResolved* out);

// What may surprise in how `shape` was taken where the options name no layout; nullopt: nothing. A
// picture [H,W,C] of rank 3 is a batch then, and would be normalized along its width; so are
// [C,H,W] and [H,W]; and pictures [N,H,W,C] have their channels elsewhere.
std::optional<std::string> LayoutWarning(const normalize::LrnOptions& options,
                                         const normalize::Resolved& resolved, const Shape& shape);

}  // namespace trine::server
