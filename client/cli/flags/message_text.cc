#include "client/cli/flags/message_text.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/errors.h"
#include "client/cli/flags/enum_text.h"
#include "client/cli/suggest.h"
#include "core/base/strings.h"

namespace trine::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status Wrong(const FieldDescriptor& field, std::string_view value,
                   std::string_view expected) {
  return UsageError(absl::StrCat(field.name(), "=", ToAbsl(value), " is not ", ToAbsl(expected)));
}

bool ParseBool(std::string_view text, bool* value) {
  *value = text == "true" || text == "1" || text == "yes";
  return *value || text == "false" || text == "0" || text == "no";
}

absl::Status SetEnum(const FieldDescriptor& field, std::string_view text, Message* message) {
  const std::optional<int> number = ParseEnumText(*field.enum_type(), text);
  if (!number.has_value()) {
    return Wrong(field, text,
                 absl::StrCat("one of ", absl::StrJoin(EnumNames(*field.enum_type()), ", "),
                              DidYouMean(text, EnumNames(*field.enum_type()))));
  }
  message->GetReflection()->SetEnumValue(message, &field, *number);
  return absl::OkStatus();
}

absl::Status SetDouble(const FieldDescriptor& field, std::string_view text, Message* message) {
  double value = 0;
  if (!absl::SimpleAtod(ToAbsl(text), &value) || !std::isfinite(value)) {
    return Wrong(field, text, "a number");
  }
  if (field.is_repeated()) {
    message->GetReflection()->AddDouble(message, &field, value);
  } else {
    message->GetReflection()->SetDouble(message, &field, value);
  }
  return absl::OkStatus();
}

absl::Status SetScalar(const FieldDescriptor& field, std::string_view text, Message* message) {
  const Reflection* reflection = message->GetReflection();
  int32_t small = 0;
  int64_t large = 0;
  bool flag = false;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return SetDouble(field, text, message);
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(field, text, message);
    case FieldDescriptor::CPPTYPE_INT32:
      if (!absl::SimpleAtoi(ToAbsl(text), &small)) return Wrong(field, text, "a whole number");
      reflection->SetInt32(message, &field, small);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_INT64:
      if (!absl::SimpleAtoi(ToAbsl(text), &large)) return Wrong(field, text, "a whole number");
      reflection->SetInt64(message, &field, large);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!ParseBool(text, &flag)) return Wrong(field, text, "true or false");
      reflection->SetBool(message, &field, flag);
      return absl::OkStatus();
    default:
      return UsageError(absl::StrCat(field.name(), " cannot be given as text"));
  }
}

}  // namespace

std::vector<std::string_view> SplitText(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

absl::Status SetFieldFromText(std::string_view text, Message* message) {
  const size_t equals = text.find('=');
  std::string name(text.substr(0, equals));
  std::replace(name.begin(), name.end(), '-', '_');
  const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) {
    std::vector<std::string> known;
    known.reserve(static_cast<size_t>(message->GetDescriptor()->field_count()));
    for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
      known.push_back(message->GetDescriptor()->field(i)->name());
    }
    return UsageError(absl::StrCat("'", name, "' is no parameter; known are: ",
                                   known.empty() ? std::string("none") : absl::StrJoin(known, ", "),
                                   DidYouMean(name, known)));
  }
  if (equals == std::string_view::npos) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL)
      return SetScalar(*field, "true", message);
    return UsageError(absl::StrCat(name, " needs a value: ", name, "=..."));
  }
  return SetScalar(*field, text.substr(equals + 1), message);
}

}  // namespace trine::cli
