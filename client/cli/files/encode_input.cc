#include "client/cli/files/encode_input.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "client/cli/errors.h"
#include "client/cli/files/convert.h"
#include "client/cli/files/input_file.h"
#include "core/base/bytes.h"
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

EncodeInput FromTensor(Tensor tensor, bool is_image) {
  EncodeInput input;
  auto owner = std::make_shared<Tensor>(std::move(tensor));
  SetHead(owner->dtype, owner->shape,
          is_image ? input.content.mutable_image() : input.content.mutable_tensor());
  input.bytes = owner->data.size();
  input.source = FromMemory(owner, owner->data);
  return input;
}

absl::StatusOr<EncodeInput> OpenImage(InputFile file) {
  TRINE_ASSIGN_OR_RETURN(const std::string bytes, file.ReadAll(kMemoryLimit));
  TRINE_ASSIGN_OR_RETURN(Tensor picture, image::DecodeImage(Context(), AsBytes(bytes)));
  return FromTensor(std::move(picture), true);
}

absl::StatusOr<EncodeInput> OpenNpy(InputFile file) {
  std::string start(image::kMaxNpyHeaderBytes, '\0');
  TRINE_ASSIGN_OR_RETURN(const size_t n,
                         file.Read({reinterpret_cast<uint8_t*>(start.data()), start.size()}));
  start.resize(n);
  Limits limits;  // the length is the server's to judge: nothing is held here
  limits.max_elements = UINT64_MAX;
  TRINE_ASSIGN_OR_RETURN(const image::NpyHeader header,
                         image::ParseNpyHeader(AsBytes(start), limits));
  if (header.fortran_order || header.big_endian) {
    TRINE_ASSIGN_OR_RETURN(const std::string rest, file.ReadAll(kMemoryLimit));
    TRINE_ASSIGN_OR_RETURN(Tensor tensor, image::DecodeNpy(Context(), AsBytes(start + rest)));
    return FromTensor(std::move(tensor), false);
  }
  EncodeInput input;
  SetHead(header.dtype, header.shape, input.content.mutable_tensor());
  if (file.size().has_value()) input.bytes = *file.size() - header.header_bytes;
  start.erase(0, header.header_bytes);
  input.source = FromFile(std::make_shared<InputFile>(std::move(file)), std::move(start));
  return input;
}

}  // namespace

absl::StatusOr<EncodeInput> OpenEncodeInput(const std::string& path, EncodeAs as,
                                            std::optional<DType> dtype, const Shape& shape) {
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  if (as == EncodeAs::kImage) return OpenImage(std::move(file));
  if (as == EncodeAs::kTensor) return OpenNpy(std::move(file));
  EncodeInput input;
  input.bytes = file.size();
  if (as == EncodeAs::kBits) {
    if (shape.size() != 2) return UsageError("--as bits needs --shape H,W");
    input.content.mutable_bits()->set_height(shape[0]);
    input.content.mutable_bits()->set_width(shape[1]);
  } else if (as == EncodeAs::kRaw) {
    if (!dtype.has_value() || shape.empty())
      return UsageError("--as raw needs --dtype and --shape");
    SetHead(*dtype, shape, input.content.mutable_tensor());
  } else {
    input.content.mutable_bytes();
  }
  input.source = FromFile(std::make_shared<InputFile>(std::move(file)));
  return input;
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
