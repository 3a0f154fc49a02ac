// What a coded stream holds, for people and programs.
#pragma once

#include <string>

#include "client/cli/report/json.h"
#include "trine/v1/coding.pb.h"

namespace trine::cli {

// {"kind": "tensor", "dtype": "float32", "shape": [2, 3]}
Json ContentJson(const v1::Content& content);
// "tensor float32 2x3"
std::string ContentText(const v1::Content& content);

}  // namespace trine::cli
