#include "client/cli/files/decode_sink.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/files/convert.h"
#include "client/status.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/image/image.h"

namespace trine::cli {
namespace {

class ByteSink : public DecodeSink {
 public:
  ByteSink(OutputFile* output, const char* form) : output_(output), form_(form) {}
  absl::Status Write(ByteView bytes) override { return output_->Write(bytes); }
  absl::Status Finish() override { return absl::OkStatus(); }
  const char* form() const override { return form_; }

 private:
  OutputFile* output_;
  const char* form_;
};

// Packed rows, most significant bit first, to bytes of 0 and 255.
Tensor Unpack(const std::vector<uint8_t>& packed, int64_t height, int64_t width) {
  Tensor out = Tensor::Zeros(DType::kUint8, {height, width});
  const size_t w = static_cast<size_t>(width);
  const size_t row_bytes = (w + 7) / 8;
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    for (size_t x = 0; x < w; ++x) {
      const bool set = (packed[y * row_bytes + x / 8] >> (7 - x % 8)) & 1;
      out.data[y * w + x] = set ? 255 : 0;
    }
  }
  return out;
}

class PictureSink : public DecodeSink {
 public:
  PictureSink(TensorView head, bool packed, image::Format format, uint64_t max_bytes,
              OutputFile* output)
      : head_(std::move(head)),
        packed_(packed),
        format_(format),
        max_bytes_(max_bytes),
        output_(output) {}

  absl::Status Write(ByteView bytes) override {
    if (bytes.size() > max_bytes_ - data_.size()) {
      return LimitExceeded("picture", data_.size() + bytes.size(), "max_output_bytes", max_bytes_);
    }
    data_.insert(data_.end(), bytes.begin(), bytes.end());
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    TRINE_ASSIGN_OR_RETURN(const uint64_t elements,
                           CountElements(head_.shape, DefaultLimits(), "shape"));
    const uint64_t expected = packed_ ? static_cast<uint64_t>(head_.shape[0]) *
                                            ((static_cast<uint64_t>(head_.shape[1]) + 7) / 8)
                                      : elements * DTypeSize(head_.dtype);
    if (data_.size() != expected) {
      return client::ProtocolError("the picture's bytes do not fit its shape");
    }
    Tensor unpacked;
    if (packed_) unpacked = Unpack(data_, head_.shape[0], head_.shape[1]);
    const TensorView picture =
        packed_ ? unpacked.view() : TensorView{head_.dtype, head_.shape, data_};
    TRINE_ASSIGN_OR_RETURN(const std::string file, image::EncodeImage(Context(), format_, picture));
    return output_->Write(AsBytes(file));
  }

  const char* form() const override { return "picture"; }

 private:
  TensorView head_;
  bool packed_;
  image::Format format_;
  uint64_t max_bytes_;
  OutputFile* output_;
  std::vector<uint8_t> data_;
};

absl::StatusOr<std::unique_ptr<DecodeSink>> MakePictureSink(TensorView head, bool packed,
                                                            image::Format format,
                                                            uint64_t max_bytes,
                                                            OutputFile* output) {
  if (format == image::Format::kJpeg || format == image::Format::kBmp) {
    return UsageError(absl::StrCat(ToAbsl(image::FormatName(format)),
                                   " is not written; name the output .png, .tif, .ppm or .npy"));
  }
  return std::make_unique<PictureSink>(std::move(head), packed, format, max_bytes, output);
}

}  // namespace

absl::StatusOr<std::unique_ptr<DecodeSink>> MakeDecodeSink(const v1::Content& content, bool whole,
                                                           uint64_t max_picture_bytes,
                                                           OutputFile* output) {
  const std::optional<image::Format> format = image::FormatOfExtension(output->path());
  const bool plain = !whole || !format.has_value() || content.has_bytes() ||
                     content.kind_case() == v1::Content::KIND_NOT_SET;
  if (plain) return std::make_unique<ByteSink>(output, "bytes");
  if (content.has_bits()) {
    const TensorView head{DType::kUint8, {content.bits().height(), content.bits().width()}, {}};
    if (*format == image::Format::kNpy) return std::make_unique<ByteSink>(output, "bytes");
    return MakePictureSink(head, true, *format, max_picture_bytes, output);
  }
  const bool is_image = content.has_image();
  TRINE_ASSIGN_OR_RETURN(TensorView head,
                         HeadOf(is_image ? content.image() : content.tensor(), "content"));
  if (*format == image::Format::kNpy) {
    TRINE_RETURN_IF_ERROR(output->Write(AsBytes(image::MakeNpyHeader(head.dtype, head.shape))));
    return std::make_unique<ByteSink>(output, "npy");
  }
  if (!is_image) return std::make_unique<ByteSink>(output, "bytes");
  return MakePictureSink(std::move(head), false, *format, max_picture_bytes, output);
}

}  // namespace trine::cli
