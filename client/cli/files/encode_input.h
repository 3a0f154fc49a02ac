// What "trine encode" codes: a file's bytes, or what a file holds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/client.h"
#include "core/base/tensor.h"
#include "trine/v1/coding.pb.h"

namespace trine::cli {

enum class EncodeAs { kBytes, kImage, kTensor, kBits, kRaw };

struct EncodeInput {
  v1::Content content;
  client::Source source;              // owns what it reads
  std::optional<uint64_t> bytes;      // how many the source gives, where that is known
  std::vector<std::string> warnings;  // of what was changed or is not kept
  // Bytes behind an array, which the source passes over; known once it has ended. Null: there are
  // none.
  std::shared_ptr<const uint64_t> behind = {};
};

struct EncodeInputOptions {
  EncodeAs as = EncodeAs::kBytes;
  std::optional<DType> dtype;   // kRaw
  Shape shape;                  // kRaw; kBits: [H,W]
  std::optional<int64_t> page;  // kImage: of a TIFF; absent: all
};

// An .npy file in C order and a raw file are read piecewise; a picture is decoded into memory.
// Errors about what a picture's file holds name "image.page" or kAsImage.
absl::StatusOr<EncodeInput> OpenEncodeInput(const std::string& path,
                                            const EncodeInputOptions& options);

// Adds a warning of the bytes behind an array whose source has ended; false where there are none.
bool WarnOfBehind(EncodeInput* input);

// All that a source gives; RESOURCE_EXHAUSTED naming `limit` where that is more [bytes].
absl::StatusOr<std::string> ReadSource(const client::Source& source, const NamedLimit& limit);

}  // namespace trine::cli
