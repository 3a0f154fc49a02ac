#include "client/cli/flags/enum_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/spelling.h"

namespace trine::cli {
namespace {

// "CODING_MODEL_", from the value that every enum has.
std::string PrefixOf(const google::protobuf::EnumDescriptor& type) {
  const auto* zero = type.FindValueByNumber(0);
  const std::string suffix = "UNSPECIFIED";
  const std::string name = zero == nullptr ? "" : zero->name();
  if (name.size() < suffix.size()) return "";
  return name.substr(0, name.size() - suffix.size());
}

std::string Shorten(const google::protobuf::EnumDescriptor& type, const std::string& name) {
  return Dashed(absl::AsciiStrToLower(name.substr(PrefixOf(type).size())));
}

}  // namespace

std::string EnumText(const google::protobuf::EnumDescriptor& type, int number) {
  const auto* value = type.FindValueByNumber(number);
  return value == nullptr ? absl::StrCat(number) : Shorten(type, value->name());
}

std::optional<int> ParseEnumText(const google::protobuf::EnumDescriptor& type,
                                 std::string_view text) {
  const std::string dashed = Dashed(text);
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0 && Shorten(type, type.value(i)->name()) == dashed) {
      return type.value(i)->number();
    }
  }
  return std::nullopt;
}

std::vector<std::string> EnumNames(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(Shorten(type, type.value(i)->name()));
  }
  return names;
}

}  // namespace trine::cli
