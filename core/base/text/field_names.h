// The names of fields in errors, in one table: a kernel's, the request's and the command line's.
//
// A kernel knows neither requests nor flags and does not include this header. The server says which
// fields of the request it gave the kernel, the command line which flags gave the request.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "core/base/error.h"

namespace trine {

struct FieldNames {
  std::string_view core;     // empty: no kernel names it otherwise than the request
  std::string_view request;  // its path in the request or in a stream's item or header
  std::string_view flag;     // what gives it on the command line; empty: nothing does
  bool by_input = false;     // what is wrong depends on the input, or on what the flag's file holds
};

absl::Span<const FieldNames> AllFieldNames();

// From a kernel's names to those of a request: the rows for the fields `paths` and what is in them.
std::vector<FieldName> RequestNames(std::initializer_list<std::string_view> paths);

// From the paths of any request, also in "header" and "item" of a stream, to what the command line
// calls them: "--order", "the input".
const std::vector<FieldName>& FlagNames();

// The text of an error or a warning in which the fields and values that it advises are named by
// their flags.
std::string InFlagWords(std::string text);

// Whether `field`, after FlagNames, is a flag whose value is wrong whatever the input.
bool IsWrongAlone(std::string_view field);

}  // namespace trine
