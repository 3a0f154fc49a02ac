// The method that a fuzzer of requests calls.
#pragma once

namespace trine::server {

extern const char kFuzzMethod[];

}  // namespace trine::server
