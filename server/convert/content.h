// What coded bytes are, from messages and back.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/base/limits.h"
#include "core/coding/coding.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {

// What bytes to come are: default plain bytes. A tensor's data must be empty.
absl::StatusOr<coding::Content> ContentFromProto(const v1::Content& content, const Limits& limits,
                                                 std::string_view field);
// Packed bilevel rows; INVALID_ARGUMENT naming "<field>.height" or "<field>.width".
absl::StatusOr<coding::Content> BitsFromProto(const v1::BitsContent& bits, const Limits& limits,
                                              std::string_view field);
// A picture in its file's form; INVALID_ARGUMENT naming "<field>" or a part of it.
absl::StatusOr<coding::Content> PictureContentFromProto(const v1::PictureContent& picture,
                                                        const Limits& limits,
                                                        std::string_view field);

void ContentToProto(const coding::Content& content, v1::Content* out);

}  // namespace trine::server
