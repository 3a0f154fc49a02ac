// JSON objects whose keys stay in the order in which they were set.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace trine::cli {

using Json = nlohmann::ordered_json;

// One line, without its end. Bytes that are no UTF-8 (file names) become U+FFFD.
inline std::string ToLine(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace trine::cli
