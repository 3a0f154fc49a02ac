// A payload of STATIC, order 1, from raw bytes in one step.
#pragma once

#include "core/coding/models/static/static_model.h"

namespace trine::coding {

inline absl::StatusOr<Payload> EncodePairs(ByteView raw, const Histogram& counts) {
  Order1Pairs pairs(raw.size());
  const absl::Status counted = pairs.Count(raw, {});
  if (!counted.ok()) return counted;
  return EncodeStaticOrder1(raw, counts, pairs, {});
}

}  // namespace trine::coding
