#include "client/cli/files/encode_input.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "client/cli/errors.h"
#include "client/cli/files/convert.h"
#include "client/cli/files/input_file.h"
#include "core/base/bytes.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/image/image.h"

namespace trine::cli {
namespace {

// Of what is read whole, to be decoded here.
const NamedLimit kMemoryLimit = {"max_output_bytes", DefaultLimits().max_output_bytes};

// Bytes from memory.
template <typename Owner>
client::Source FromMemory(std::shared_ptr<Owner> owner, ByteView bytes) {
  return [owner, bytes](MutableByteView out, const CancelToken&) mutable -> absl::StatusOr<size_t> {
    const size_t n = std::min(out.size(), bytes.size());
    if (n > 0) std::memcpy(out.data(), bytes.data(), n);
    bytes.remove_prefix(n);
    return n;
  };
}

// `start`, which was read already, then the rest of the file.
client::Source FromFile(std::shared_ptr<InputFile> file, std::string start = "") {
  size_t used = 0;
  return [file = std::move(file), start = std::move(start), used](
             MutableByteView out, const CancelToken& stop) mutable -> absl::StatusOr<size_t> {
    const size_t n = std::min(out.size(), start.size() - used);
    if (n == 0) return file->Read(out, stop);
    std::memcpy(out.data(), start.data() + used, n);
    used += n;
    return n;
  };
}

// The first `left` bytes of a source; what it gives behind them is counted.
client::Source FirstBytes(client::Source all, uint64_t left, std::shared_ptr<uint64_t> behind) {
  return [all = std::move(all), left, behind = std::move(behind)](
             MutableByteView out, const CancelToken& stop) mutable -> absl::StatusOr<size_t> {
    if (left > 0) {
      TRINE_ASSIGN_OR_RETURN(const size_t n,
                             all(out.subspan(0, std::min<uint64_t>(out.size(), left)), stop));
      left = n == 0 ? 0 : left - n;
      return n;
    }
    while (!out.empty()) {
      TRINE_ASSIGN_OR_RETURN(const size_t n, all(out, stop));
      if (n == 0) break;
      *behind += n;
    }
    return 0;
  };
}

// Content is set; the elements follow.
void SetElements(Tensor tensor, EncodeInput* input) {
  auto owner = std::make_shared<Tensor>(std::move(tensor));
  input->bytes = owner->data.size();
  input->source = FromMemory(owner, owner->data);
}

absl::StatusOr<EncodeInput> OpenImage(InputFile file, std::optional<int64_t> page) {
  TRINE_ASSIGN_OR_RETURN(const std::string bytes, file.ReadAll(kMemoryLimit));
  absl::StatusOr<image::Picture> picture =
      image::ReadPicture(Context(), AsBytes(bytes), {.page = page});
  if (!picture.ok()) {
    const bool not_kept = absl::IsUnimplemented(picture.status());
    return TranslateField(picture.status(),
                          {{"page", "image.page"}, {"image", not_kept ? kAsImage : "image"}});
  }
  const Tensor& samples = picture->samples;
  EncodeInput input;
  input.warnings = std::move(picture->warnings);
  switch (PictureHolderOf(picture->form, samples.dtype, samples.shape)) {
    case PictureHolder::kTensor:
      SetHead(samples.dtype, samples.shape, input.content.mutable_image());
      break;
    case PictureHolder::kBits:
      input.content.mutable_bits()->set_height(samples.shape[0]);
      input.content.mutable_bits()->set_width(samples.shape[1]);
      break;
    case PictureHolder::kForm:
      SetPicture(picture->form, samples.dtype, samples.shape, input.content.mutable_picture());
      break;
  }
  SetElements(std::move(picture->samples), &input);
  return input;
}

// An array that is not to be passed on as it lies in the file, of which `start` was read already.
absl::StatusOr<EncodeInput> OpenWholeArray(InputFile file, std::string start) {
  TRINE_ASSIGN_OR_RETURN(const std::string rest, file.ReadAll(kMemoryLimit));
  start += rest;
  EncodeInput input;
  TRINE_ASSIGN_OR_RETURN(Tensor tensor,
                         image::DecodeNpy(Context(), AsBytes(start), &input.warnings));
  SetHead(tensor.dtype, tensor.shape, input.content.mutable_tensor());
  SetElements(std::move(tensor), &input);
  return input;
}

absl::StatusOr<EncodeInput> OpenNpy(InputFile file) {
  std::string start(image::kMaxNpyHeaderBytes, '\0');
  TRINE_ASSIGN_OR_RETURN(const size_t n,
                         file.Read({reinterpret_cast<uint8_t*>(start.data()), start.size()}));
  start.resize(n);
  const bool packed = image::RecognizeFormat(AsBytes(start)) == image::Format::kNpz;
  if (packed) return OpenWholeArray(std::move(file), std::move(start));
  Limits limits;  // the length is the server's to judge: nothing is held here
  limits.max_elements = UINT64_MAX;
  TRINE_ASSIGN_OR_RETURN(const image::NpyHeader header,
                         image::ParseNpyHeader(AsBytes(start), limits));
  if (header.fortran_order || header.big_endian) {
    return OpenWholeArray(std::move(file), std::move(start));
  }
  EncodeInput input;
  SetHead(header.dtype, header.shape, input.content.mutable_tensor());
  uint64_t bytes = DTypeSize(header.dtype);
  for (const int64_t side : header.shape) bytes = SaturatingMul(bytes, static_cast<uint64_t>(side));
  if (file.size().has_value()) input.bytes = std::min(*file.size() - header.header_bytes, bytes);
  start.erase(0, header.header_bytes);
  const auto behind = std::make_shared<uint64_t>(0);
  input.source = FirstBytes(
      FromFile(std::make_shared<InputFile>(std::move(file)), std::move(start)), bytes, behind);
  input.behind = behind;
  return input;
}

}  // namespace

absl::StatusOr<EncodeInput> OpenEncodeInput(const std::string& path,
                                            const EncodeInputOptions& options) {
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  const EncodeAs as = options.as;
  const Shape& shape = options.shape;
  if (as == EncodeAs::kImage) return OpenImage(std::move(file), options.page);
  if (as == EncodeAs::kTensor) return OpenNpy(std::move(file));
  EncodeInput input;
  input.bytes = file.size();
  if (as == EncodeAs::kBits) {
    if (shape.size() != 2) return UsageError("--as bits needs --shape H,W");
    input.content.mutable_bits()->set_height(shape[0]);
    input.content.mutable_bits()->set_width(shape[1]);
  } else if (as == EncodeAs::kRaw) {
    if (!options.dtype.has_value() || shape.empty())
      return UsageError("--as raw needs --dtype and --shape");
    SetHead(*options.dtype, shape, input.content.mutable_tensor());
  } else {
    input.content.mutable_bytes();
  }
  input.source = FromFile(std::make_shared<InputFile>(std::move(file)));
  return input;
}

bool WarnOfBehind(EncodeInput* input) {
  if (input->behind == nullptr || *input->behind == 0) return false;
  input->warnings.push_back(image::BytesBehindArray(*input->behind));
  return true;
}

absl::StatusOr<std::string> ReadSource(const client::Source& source, const NamedLimit& limit) {
  constexpr size_t kPiece = size_t{1} << 20;
  std::string bytes;
  for (size_t n = 1; n > 0;) {
    const size_t done = bytes.size();
    bytes.resize(done + kPiece);
    TRINE_ASSIGN_OR_RETURN(
        n, source({reinterpret_cast<uint8_t*>(bytes.data()) + done, kPiece}, CancelToken()));
    bytes.resize(done + n);
    if (bytes.size() > limit.value) return LimitExceeded("the input", bytes.size(), limit);
  }
  return bytes;
}

}  // namespace trine::cli
