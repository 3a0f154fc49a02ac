// Names of proto enum values as the command line writes them: the prefix dropped, lower case,
// dashes. A new value of an enum is offered without a change here.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trine::cli {

// "adaptive" for CODING_MODEL_ADAPTIVE; the number where it has no name here.
std::string EnumText(const google::protobuf::EnumDescriptor& type, int number);
// The number; nullopt for a name that is none and for "unspecified". Dashes and underscores are the
// same.
std::optional<int> ParseEnumText(const google::protobuf::EnumDescriptor& type,
                                 std::string_view text);
// All names but "unspecified", in the order of their numbers.
std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor& type);

template <typename E>
std::string EnumText(E value) {
  return EnumText(*google::protobuf::GetEnumDescriptor<E>(), static_cast<int>(value));
}

template <typename E>
std::optional<E> ParseEnumText(std::string_view text) {
  const std::optional<int> number = ParseEnumText(*google::protobuf::GetEnumDescriptor<E>(), text);
  if (!number.has_value()) return std::nullopt;
  return static_cast<E>(*number);
}

template <typename E>
std::vector<std::string> EnumNames() {
  return EnumNames(*google::protobuf::GetEnumDescriptor<E>());
}

}  // namespace trine::cli
