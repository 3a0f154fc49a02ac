// For the command line: core.h, JSON and protobuf's messages. Not CLI11: its header defines objects
// that every file with it in view would set up anew, which takes longer than to read it.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/repeated_field.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "cmake/pch/core.h"
