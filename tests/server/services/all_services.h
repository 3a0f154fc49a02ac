// Every service's methods, for tests and fuzzers that call them without a server.
#pragma once

#include <string_view>

#include "server/wire/rpc.h"

namespace trine::server {

// Null for a name that is none, such as "Encode".
inline const Method* FindMethod(std::string_view name) {
  static const Registry* const kRegistry = [] {
    auto* registry = new Registry;
    RegisterNormalizationService(registry);
    RegisterCodingService(registry);
    RegisterSegmentationService(registry);
    return registry;
  }();
  for (const Method& method : kRegistry->methods()) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

}  // namespace trine::server
