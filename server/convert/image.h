// Pictures of messages to views of core.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/limits.h"
#include "core/base/tensor.h"
#include "core/runtime/context.h"
#include "server/wire/wire.h"
#include "trine/v1/tensor.pb.h"

namespace trine::server {

// A picture [H,W] or [H,W,C]. The view is of the request's bytes, or of `decoded` where the
// request holds a file: it stays valid when the object moves, and lives as long as both.
struct Picture {
  TensorView view;
  Tensor decoded;
  std::vector<std::string> warnings;  // what of the file was not read, or is odd about it
  bool is_lossy = false;              // its file may have changed the values
  // Memory of its own [bytes]: the pixels of a file, or what may be a copy of the request's bytes.
  uint64_t own_bytes = 0;
};

// Dtypes that a picture may have, and how to say so.
struct PictureTypes {
  absl::Span<const DType> allowed;
  std::string_view text;
  bool indices = false;  // of a palette picture its indices: a label map
};
// uint8, uint16 or float32.
extern const PictureTypes kGrayTypes;
// All of the protocol; masks show indices.
extern const PictureTypes kAnyTypes;
extern const PictureTypes kMaskTypes;
// Integers and bool.
extern const PictureTypes kLabelTypes;

// Memory that is needed beside a picture, from its shape and dtype [bytes]; may be empty.
using MemoryBeside = std::function<uint64_t(const Shape&, DType)>;

// What PictureFromProto refuses before it reads the payload of `bytes` bytes. Of a tensor a view
// without data; nullopt of a file, whose bytes alone say what it holds.
absl::StatusOr<std::optional<TensorView>> PictureHeadFromProto(const v1::Image& image,
                                                               uint64_t bytes,
                                                               const PictureTypes& types,
                                                               const Limits& limits,
                                                               std::string_view field);

// The picture of `image`, decoded where it is a file; `tensor_data` and `encoded` are the payloads
// of its two sources. INVALID_ARGUMENT names "<field>", "<field>.page", "<field>.tensor.<part>" or
// "<field>.encoded"; the pixels are bounded by the limits, and with what is needed `beside` them
// reserved, before they are allocated. `is_held`: the tensor's bytes are where the request holds
// them, on its account, and not a copy.
absl::StatusOr<Picture> PictureFromProto(const Context& context, const v1::Image& image,
                                         ByteView tensor_data, bool is_held, ByteView encoded,
                                         const PictureTypes& types, std::string_view field,
                                         const MemoryBeside& beside = {});

// The same, with the payloads of `image` inside `request`.
template <typename Message>
absl::StatusOr<Picture> PictureOf(const Context& context, Request<Message>& request,
                                  const v1::Image& image, const PictureTypes& types,
                                  std::string_view field, const MemoryBeside& beside = {}) {
  const std::string& data = image.tensor().data();
  return PictureFromProto(context, image, request.Payload(data), request.IsSet(data),
                          request.Payload(image.encoded()), types, field, beside);
}

}  // namespace trine::server
