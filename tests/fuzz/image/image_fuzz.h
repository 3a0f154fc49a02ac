// What the fuzzers of pictures share: one target a format, with small limits so that an input costs
// time only for what a reader does.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "core/base/error.h"
#include "core/image/image.h"

namespace trine::image {

inline Limits FuzzLimits() {
  Limits limits;
  limits.max_image_pixels = 1 << 16;
  limits.max_output_bytes = 1 << 18;
  limits.max_elements = 1 << 18;
  return limits;
}

// A result is a valid tensor within the limits; an error says which, and why.
inline void CheckResult(const absl::StatusOr<Tensor>& result, const Limits& limits) {
  if (!result.ok()) {
    const auto detail = GetErrorDetail(result.status());
    if (!detail.has_value() || detail->reason.empty() || result.status().message().empty()) {
      std::abort();
    }
    return;
  }
  if (result->data.size() > limits.max_output_bytes ||
      !ValidateTensor(result->view(), limits, "picture").ok()) {
    std::abort();
  }
}

// Decodes `data` when it is of `format`: the mutations that change the signature are not ours.
inline int FuzzPicture(Format format, const uint8_t* data, size_t size, int64_t page = 0) {
  static const Limits limits = FuzzLimits();
  const ByteView bytes(data, size);
  if (RecognizeFormat(bytes) != format) return 0;
  Context context;
  context.limits = &limits;
  CheckResult(DecodeImage(context, bytes, {.page = page}), limits);
  return 0;
}

}  // namespace trine::image
