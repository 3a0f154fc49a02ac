// What the fuzzers of pictures share: one target a format, with small limits so that an input costs
// time only for what a reader does.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

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

// Refuses what the formats' libraries would need beyond this, as a server's ledger does.
class FuzzAccount : public MemoryAccount {
 public:
  absl::Status Reserve(uint64_t bytes) override {
    constexpr uint64_t kMost = uint64_t{256} << 20;
    return bytes <= kMost ? absl::OkStatus() : LimitExceeded("image", bytes, "memory", kMost);
  }
  absl::Status ReserveResult(uint64_t bytes) override { return Reserve(bytes); }
};

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

// The whole picture, and, where a format can hold it, written and read again.
inline void CheckWhole(const Context& context, ByteView bytes, std::optional<int64_t> page) {
  const auto picture = ReadPicture(context, bytes, {.page = page});
  if (!picture.ok()) {
    const auto detail = GetErrorDetail(picture.status());
    if (!detail.has_value() || detail->reason.empty()) std::abort();
    return;
  }
  const Tensor& samples = picture->samples;
  if (!PictureProblem(picture->form, samples.dtype, samples.shape).empty() ||
      PictureBytes(picture->form, samples.dtype, samples.shape) != samples.data.size() ||
      samples.data.size() > context.limits->max_output_bytes) {
    std::abort();
  }
  for (const Format format : {Format::kPng, Format::kTiff, Format::kPnm}) {
    if (!WritingProblem(format, picture->form, samples.dtype, samples.shape).empty()) continue;
    const auto file =
        WritePicture(context, format, {samples.dtype, samples.shape, samples.data, picture->form});
    if (!file.ok()) std::abort();
    const auto back = ReadPicture(context, AsBytes(*file), {});
    // TIFF is written with any number of bits; not all are read.
    if (absl::IsUnimplemented(back.status()) && format == Format::kTiff) continue;
    if (!back.ok() || back->samples.data != samples.data ||
        back->form.color != picture->form.color) {
      std::abort();
    }
  }
}

// Decodes `data` when it is of `format`: the mutations that change the signature are not ours.
inline int FuzzPicture(Format format, const uint8_t* data, size_t size, int64_t page = 0) {
  static const Limits limits = FuzzLimits();
  const ByteView bytes(data, size);
  if (RecognizeFormat(bytes) != format) return 0;
  Context context;
  context.limits = &limits;
  FuzzAccount account;
  context.memory = &account;
  std::vector<std::string> warnings;
  CheckResult(DecodeImage(context, bytes, {.page = page, .warnings = &warnings}), limits);
  CheckResult(DecodeImage(context, bytes, {.page = page, .indices = true}), limits);
  CheckWhole(context, bytes, page);
  CheckWhole(context, bytes, std::nullopt);
  IsLossy(context, bytes, page);
  return 0;
}

}  // namespace trine::image
