// Names of status codes.
#pragma once

#include <string_view>

namespace trine::server {

// "INVALID_ARGUMENT": the name that logs, metrics and default reasons use.
std::string_view StatusCodeName(int code);

}  // namespace trine::server
