// Fields of messages from "name=value" text, by the protocol's own description: a new field is
// offered without a change here.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace trine::cli {

// The parts between `separator`s; at least one, possibly empty.
std::vector<std::string_view> SplitText(std::string_view text, char separator);

// Sets (or adds to, where it is a list) the scalar field that `text`, "name=value" or for booleans
// "name" alone, names; dashes and underscores are the same. USAGE errors say what is known.
absl::Status SetFieldFromText(std::string_view text, google::protobuf::Message* message);

}  // namespace trine::cli
