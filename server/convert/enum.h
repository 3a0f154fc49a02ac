// Enums of requests to enums of core. They have the same numbers (the headers of core say so), and
// proto3 enums are open: a number that the server does not know arrives as it was sent.
#pragma once

#include <google/protobuf/generated_enum_reflection.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace trine::server {

// INVALID_ARGUMENT: `number` is no value of the enum that `descriptor` describes. Names the field,
// the number and every value that is allowed.
absl::Status UnknownEnum(const google::protobuf::EnumDescriptor* descriptor, int number,
                         std::string_view field);

// The value of core; nullopt for UNSPECIFIED, INVALID_ARGUMENT naming `field` for an unknown
// number.
template <typename Core, typename Proto>
absl::StatusOr<std::optional<Core>> EnumFromProto(Proto value, std::string_view field) {
  const int number = static_cast<int>(value);
  if (number == 0) return std::optional<Core>();
  const auto* descriptor = google::protobuf::GetEnumDescriptor<Proto>();
  if (descriptor->FindValueByNumber(number) == nullptr) {
    return UnknownEnum(descriptor, number, field);
  }
  return std::optional<Core>(static_cast<Core>(number));
}

}  // namespace trine::server
