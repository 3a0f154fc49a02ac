// All that tells the fuzzer of a method from another's.
#include "tests/fuzz/request/request_method.h"

namespace trine::server {

const char kFuzzMethod[] = TRINE_FUZZ_METHOD;

}  // namespace trine::server
