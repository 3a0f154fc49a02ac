// Tensors of core to messages and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/base/picture_form.h"
#include "core/base/tensor.h"
#include "core/image/image.h"
#include "trine/v1/coding.pb.h"
#include "trine/v1/tensor.pb.h"

namespace trine::cli {

// Sets dtype and shape.
void SetHead(DType dtype, absl::Span<const int64_t> shape, v1::Tensor* out);

// Sets everything.
void SetTensor(const TensorView& tensor, v1::Tensor* out);

// What a coded picture is.
void SetPicture(const PictureForm& form, DType dtype, absl::Span<const int64_t> shape,
                v1::PictureContent* out);
// The same of what a server sent: its data are empty. PROTOCOL errors.
absl::StatusOr<image::PictureView> PictureOf(const v1::PictureContent& picture);

// A view of what a server sent, which must outlive it. PROTOCOL errors naming `field`.
absl::StatusOr<TensorView> ViewOf(const v1::Tensor& tensor, std::string_view field);
// Dtype and shape alone, from a message whose data travel apart.
absl::StatusOr<TensorView> HeadOf(const v1::Tensor& tensor, std::string_view field);

// The raw bytes of the one stream that holds this: of streams in a row there are more. Absent for
// plain bytes, of which there may be any number, and for what no stream holds.
std::optional<uint64_t> BytesOfOne(const v1::Content& content);

}  // namespace trine::cli
