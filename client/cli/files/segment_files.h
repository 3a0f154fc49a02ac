// Pictures of a segmentation: what is sent, and the files made of what comes back.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/tensor.h"
#include "core/image/image.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

// `bytes` of a file into a message: pictures as they are (the server decodes), arrays as tensors.
// Adds what is odd about a file to `warnings` where the server cannot say it.
absl::Status SetImage(std::string bytes, std::optional<int64_t> page, v1::Image* out,
                      std::vector<std::string>* warnings);

// The same, for a caller that needs the pixels too, or other pages of the file as well: decoded
// here, and sent as a tensor where that is no longer than `max_bytes`, so that the server does not
// decode them again. `warnings` as above.
absl::StatusOr<Tensor> SetDecodedImage(const std::string& bytes, std::optional<int64_t> page,
                                       uint64_t max_bytes, v1::Image* out,
                                       std::vector<std::string>* warnings);

// Of a file of several pages, takes page `page` or else 0. Returns how many pages it has, as far as
// they can be counted.
int64_t TakePage(std::optional<int64_t> page, v1::Image* image);

// The format that a mask or label file's name asks for; stdout without one is PNG. USAGE for what
// is not written or holds another kind of picture, with the `names` that do.
absl::StatusOr<image::Format> PictureFormat(const std::string& path, std::string_view names);

// USAGE where the file of `format` for `path` cannot hold a picture of this dtype and shape.
absl::Status CheckPictureFits(const std::string& path, image::Format format, DType dtype,
                              const Shape& shape);

// How the server shall pack its pictures so that they can be written as they come; TENSOR where
// their formats differ or are none of the protocol's. nullopt: that picture is not wanted.
v1::ImageFormat PackingFor(std::initializer_list<std::optional<image::Format>> pictures);

// The file of `format` for `path` from a picture that a server sent, repacked where it came
// otherwise. With `has_labels` int32 becomes uint16 where the format has no int32; a map of more
// than 65535 labels does not fit PNG and PNM: INPUT naming TIFF. USAGE of CheckPnmName.
absl::StatusOr<std::string> PictureFile(const v1::Image& picture, image::Format format,
                                        const std::string& path, bool has_labels);

// A picture that a server sent, unpacked.
absl::StatusOr<Tensor> UnpackImage(const v1::Image& picture);

}  // namespace trine::cli
