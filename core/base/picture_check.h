// Which part of a picture's form does not fit the others.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/dtype.h"
#include "core/base/picture_form.h"

namespace trine {

// All empty where nothing is wrong.
struct PictureFault {
  // "color", "bit_depth", "dtype", "shape", "entry_bytes" or "table".
  std::string_view part;
  std::string value;  // what it is
  std::string text;   // what is wrong, also for those who do not name the part
};

// The first fault of a form, alone and together with dtype and shape.
PictureFault FindPictureFault(const PictureForm& form, DType dtype,
                              absl::Span<const int64_t> shape);

// The same as a status: INVALID_ARGUMENT naming "<field>.<part>".
absl::Status CheckPictureForm(const PictureForm& form, DType dtype, absl::Span<const int64_t> shape,
                              std::string_view field);

}  // namespace trine
