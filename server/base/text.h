// Text that comes from outside, made safe to pass on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace trine::server {

// `text` with every byte that is not part of valid UTF-8 replaced by U+FFFD, cut to at most
// `max_bytes` at a character's border. protobuf and gRPC refuse anything else.
std::string ValidUtf8(std::string_view text, size_t max_bytes);

// Appends `text` to `out` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void AppendJsonString(std::string* out, std::string_view text);

}  // namespace trine::server
