#include "server/convert/enum.h"

#include <google/protobuf/descriptor.h>

#include <vector>

#include "absl/strings/str_join.h"

namespace trine::server {

absl::Status UnknownEnum(const google::protobuf::EnumDescriptor* descriptor, int number,
                         std::string_view field) {
  // Every name begins with the enum's own: "LRN_PRESET_" of LRN_PRESET_UNSPECIFIED is left out.
  const size_t prefix = descriptor->FindValueByNumber(0)->name().rfind("UNSPECIFIED");
  std::vector<std::string> allowed;
  for (int i = 0; i < descriptor->value_count(); ++i) {
    const auto* value = descriptor->value(i);
    if (value->number() == 0) continue;
    allowed.push_back(absl::StrCat(value->name().substr(prefix), " = ", value->number()));
  }
  return InvalidField(field, static_cast<int64_t>(number),
                      absl::StrCat("allowed: ", absl::StrJoin(allowed, ", ")));
}

}  // namespace trine::server
