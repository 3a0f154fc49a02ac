// NumPy's NPY files, versions 1 to 3 (numpy.lib.format; NEP 1).
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/checked.h"
#include "core/base/strings.h"
#include "core/image/picture.h"

namespace trine::image {
namespace {

using internal::Corrupt;
using internal::kPollBytes;
using internal::NotRead;

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kAlignment = 64;

// The type part of `descr`, after the byte order.
constexpr std::array<std::pair<std::string_view, DType>, 13> kTypes = {{
    {"u1", DType::kUint8},
    {"u2", DType::kUint16},
    {"u4", DType::kUint32},
    {"u8", DType::kUint64},
    {"i1", DType::kInt8},
    {"i2", DType::kInt16},
    {"i4", DType::kInt32},
    {"i8", DType::kInt64},
    {"f2", DType::kFloat16},
    {"V2", DType::kBfloat16},
    {"f4", DType::kFloat32},
    {"f8", DType::kFloat64},
    {"b1", DType::kBool},
}};

// Reads the header's Python dictionary of three literals; it never evaluates anything.
class DictReader {
 public:
  explicit DictReader(std::string_view text) : text_(text) {}

  bool Take(char c) {
    SkipBlanks();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool AtEnd() {
    SkipBlanks();
    return text_.empty();
  }
  bool TakeWord(std::string_view word) {
    SkipBlanks();
    if (text_.substr(0, word.size()) != word) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  // A string in single or double quotes, without escapes: none of ours needs one.
  std::optional<std::string_view> String() {
    SkipBlanks();
    if (text_.empty() || (text_.front() != '\'' && text_.front() != '"')) return std::nullopt;
    const size_t end = text_.find(text_.front(), 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view content = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return content.find('\\') == std::string_view::npos ? std::optional(content) : std::nullopt;
  }
  std::optional<int64_t> Number() {
    SkipBlanks();
    int64_t value = 0;
    size_t digits = 0;
    for (; digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9'; ++digits) {
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, text_[digits] - '0', &value)) {
        return std::nullopt;
      }
    }
    if (digits == 0) return std::nullopt;
    text_.remove_prefix(digits);
    if (!text_.empty() && text_.front() == 'L') text_.remove_prefix(1);  // Python 2 wrote 3L
    return value;
  }
  // "()", "(3,)" or "(3, 4)".
  std::optional<Shape> Tuple(size_t max_rank) {
    if (!Take('(')) return std::nullopt;
    Shape shape;
    bool comma = true;
    while (!Take(')')) {
      const std::optional<int64_t> dim = comma ? Number() : std::nullopt;
      if (!dim.has_value() || shape.size() > max_rank) return std::nullopt;
      shape.push_back(*dim);
      comma = Take(',');
    }
    // "(3)" is a number in Python, not a tuple.
    if (shape.size() == 1 && !comma) return std::nullopt;
    return shape;
  }

 private:
  void SkipBlanks() {
    while (!text_.empty() &&
           std::string_view(" \t\n\r").find(text_.front()) != std::string_view::npos) {
      text_.remove_prefix(1);
    }
  }
  std::string_view text_;
};

absl::Status ParseDescr(std::string_view descr, NpyHeader& header) {
  const std::string original(descr.substr(0, 32));
  char order = '=';
  if (!descr.empty() && std::string_view("<>=|").find(descr.front()) != std::string_view::npos) {
    order = descr.front();
    descr.remove_prefix(1);
  }
  for (const auto& [name, dtype] : kTypes) {
    if (name != descr) continue;
    if (dtype == DType::kBfloat16 && order == '>') break;  // a void type has no byte order
    header.dtype = dtype;
    header.big_endian = order == '>' && DTypeSize(dtype) > 1;
    return absl::OkStatus();
  }
  // A file's own text is shown only where it is printable.
  const bool printable =
      std::all_of(original.begin(), original.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return NotRead(absl::StrCat("the NPY element type ",
                              printable ? absl::StrCat("'", original, "' ") : "",
                              "is not read; integers, bool, float16, bfloat16 (<V2), float32 and "
                              "float64 are"));
}

absl::Status ParseDict(std::string_view text, const Limits& limits, NpyHeader& header) {
  DictReader reader(text);
  bool has_descr = false, has_order = false, has_shape = false;
  const absl::Status broken =
      Corrupt("the NPY header is not a dictionary of 'descr', 'fortran_order' and 'shape'");
  if (!reader.Take('{')) return broken;
  for (bool comma = true; !reader.Take('}');) {
    const std::optional<std::string_view> key = comma ? reader.String() : std::nullopt;
    if (!key.has_value() || !reader.Take(':')) return broken;
    if (*key == "descr" && !has_descr) {
      has_descr = true;
      const std::optional<std::string_view> descr = reader.String();
      if (!descr.has_value()) {
        return reader.Take('[') ? NotRead("NPY arrays of structures are not read") : broken;
      }
      TRINE_RETURN_IF_ERROR(ParseDescr(*descr, header));
    } else if (*key == "fortran_order" && !has_order) {
      has_order = true;
      header.fortran_order = reader.TakeWord("True");
      if (!header.fortran_order && !reader.TakeWord("False")) return broken;
    } else if (*key == "shape" && !has_shape) {
      has_shape = true;
      // Some ranks beyond the limit are read, to refuse them by name.
      std::optional<Shape> shape = reader.Tuple(static_cast<size_t>(limits.max_rank) + 32);
      if (!shape.has_value()) return broken;
      header.shape = *std::move(shape);
    } else {
      return broken;
    }
    comma = reader.Take(',');
  }
  if (!reader.AtEnd()) return broken;
  std::vector<const char*> missing;
  if (!has_descr) missing.emplace_back("'descr'");
  if (!has_order) missing.emplace_back("'fortran_order'");
  if (!has_shape) missing.emplace_back("'shape'");
  if (missing.empty()) return absl::OkStatus();
  return Corrupt(absl::StrCat("the NPY header has no ", absl::StrJoin(missing, ", ")));
}

template <size_t kSize>
void CopyElement(const uint8_t* in, bool swap, uint8_t* out) {
  if constexpr (kSize > 1) {
    if (swap) {
      for (size_t b = 0; b < kSize; ++b) out[b] = in[kSize - 1 - b];
      return;
    }
  }
  std::memcpy(out, in, kSize);
}

// Copies `count` elements, row-major, from an array in C or Fortran order. `shape` has no zero.
template <size_t kSize>
absl::Status CopyArray(const Context& context, const NpyHeader& header, uint64_t count,
                       const uint8_t* in, uint8_t* out) {
  Poller poll(context.cancel, kPollBytes);
  const size_t rank = header.shape.size();
  if (!header.fortran_order || rank < 2) {
    constexpr size_t kBlock = 32768 / kSize;
    for (size_t begin = 0; begin < count; begin += kBlock) {
      TRINE_RETURN_IF_ERROR(poll.Spend(kBlock * kSize));
      const size_t n = std::min<size_t>(kBlock, count - begin);
      if (!header.big_endian) {
        std::memcpy(out + begin * kSize, in + begin * kSize, n * kSize);
        continue;
      }
      for (size_t i = begin; i < begin + n; ++i) {
        CopyElement<kSize>(in + i * kSize, true, out + i * kSize);
      }
    }
    return absl::OkStatus();
  }
  // In Fortran order the first index runs fastest: stride[d] = product of the sizes before d.
  Shape stride(rank, 1), index(rank, 0);
  for (size_t d = 1; d < rank; ++d) stride[d] = stride[d - 1] * header.shape[d - 1];
  const int64_t last = header.shape[rank - 1];
  for (uint64_t done = 0; done < count;) {
    int64_t offset = 0;
    for (size_t d = 0; d + 1 < rank; ++d) offset += index[d] * stride[d];
    for (int64_t i = 0; i < last; ++i, ++done) {
      // A column's elements are far apart: each costs a cache line and is counted as 64 bytes.
      TRINE_RETURN_IF_ERROR(poll.Spend(64));
      CopyElement<kSize>(in + static_cast<uint64_t>(offset + i * stride[rank - 1]) * kSize,
                         header.big_endian, out + done * kSize);
    }
    for (size_t d = rank - 1; d-- > 0;) {
      if (++index[d] < header.shape[d]) break;
      index[d] = 0;
    }
  }
  return absl::OkStatus();
}

absl::Status CopyArrayOf(const Context& context, const NpyHeader& header, uint64_t count,
                         const uint8_t* in, uint8_t* out) {
  switch (DTypeSize(header.dtype)) {
    case 1:
      return CopyArray<1>(context, header, count, in, out);
    case 2:
      return CopyArray<2>(context, header, count, in, out);
    case 4:
      return CopyArray<4>(context, header, count, in, out);
    default:
      return CopyArray<8>(context, header, count, in, out);
  }
}

}  // namespace

absl::StatusOr<NpyHeader> ParseNpyHeader(ByteView bytes, const Limits& limits) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.substr(0, kMagic.size()) != kMagic) return Corrupt("it is not an NPY file");
  const absl::Status truncated = Corrupt("the NPY file ends within its header");
  if (bytes.size() < 10) return truncated;
  const uint8_t version = bytes[6];
  if (version < 1 || version > 3 || bytes[7] != 0) {
    return NotRead(absl::StrCat("version ", version, ".", bytes[7],
                                " of NPY is not read; 1.0, 2.0 and 3.0 are"));
  }
  const size_t prefix = version == 1 ? 10 : 12;
  if (bytes.size() < prefix) return truncated;
  const uint64_t length =
      version == 1 ? LoadLE<uint16_t>(&bytes[8]) : uint64_t{LoadLE<uint32_t>(&bytes[8])};
  NpyHeader header;
  header.header_bytes = prefix + length;
  if (header.header_bytes > kMaxNpyHeaderBytes) {
    return LimitExceeded("image", header.header_bytes, "max_npy_header_bytes", kMaxNpyHeaderBytes);
  }
  if (bytes.size() < header.header_bytes) return truncated;
  TRINE_RETURN_IF_ERROR(ParseDict(text.substr(prefix, length), limits, header));
  TRINE_RETURN_IF_ERROR(CountElements(header.shape, limits, "image.shape").status());
  return header;
}

absl::StatusOr<Tensor> DecodeNpy(const Context& context, ByteView bytes,
                                 std::vector<std::string>* warnings) {
  return RecognizeFormat(bytes) == Format::kNpz ? internal::DecodeNpz(context, bytes, warnings)
                                                : internal::DecodeNpyFile(context, bytes, warnings);
}

std::string BytesBehindArray(uint64_t bytes) {
  return absl::StrCat(bytes, bytes == 1 ? " byte" : " bytes", " behind the NPY array ",
                      bytes == 1 ? "was" : "were", " not read");
}

std::string BytesTakenAsTrue(uint64_t bytes) {
  return absl::StrCat(bytes, bytes == 1 ? " byte" : " bytes", " of bool that ",
                      bytes == 1 ? "is" : "are", " neither 0 nor 1 ", bytes == 1 ? "was" : "were",
                      " taken as 1");
}

absl::StatusOr<NpyHeader> internal::CheckedNpyHeader(ByteView start, uint64_t file_bytes,
                                                     const Limits& limits) {
  TRINE_ASSIGN_OR_RETURN(NpyHeader header, ParseNpyHeader(start, limits));
  TRINE_ASSIGN_OR_RETURN(const uint64_t count, CountElements(header.shape, limits, "image.shape"));
  const uint64_t size = CheckedMul(count, DTypeSize(header.dtype)).value_or(UINT64_MAX);
  if (size > limits.max_output_bytes) {
    return LimitExceeded("image", size, "max_output_bytes", limits.max_output_bytes);
  }
  const uint64_t present = file_bytes - header.header_bytes;
  if (present >= size) return header;
  return Corrupt(absl::StrCat("an NPY array of shape ", ShapeToString(header.shape), " and type ",
                              ToAbsl(DTypeName(header.dtype)), " has ", size,
                              " bytes, the file holds ", present));
}

absl::StatusOr<Tensor> internal::DecodeNpyFile(const Context& context, ByteView bytes,
                                               std::vector<std::string>* warnings) {
  TRINE_RETURN_IF_ERROR(context.cancel.Check());
  TRINE_ASSIGN_OR_RETURN(const NpyHeader header,
                         CheckedNpyHeader(bytes, bytes.size(), *context.limits));
  Tensor tensor = Tensor::Zeros(header.dtype, header.shape);
  const uint64_t behind = bytes.size() - header.header_bytes - tensor.data.size();
  if (behind > 0 && warnings != nullptr) warnings->push_back(BytesBehindArray(behind));
  const uint64_t count = tensor.data.size() / DTypeSize(header.dtype);
  if (count == 0) return tensor;
  TRINE_RETURN_IF_ERROR(
      CopyArrayOf(context, header, count, bytes.data() + header.header_bytes, tensor.data.data()));
  if (header.dtype == DType::kBool) {
    // NumPy takes any byte but 0 for true; a tensor holds 0 and 1 only.
    Poller poll(context.cancel, kPollBytes);
    uint64_t odd = 0;
    for (uint8_t& v : tensor.data) {
      TRINE_RETURN_IF_ERROR(poll.Spend(1));
      odd += v > 1 ? 1 : 0;
      v = v != 0 ? 1 : 0;
    }
    if (odd > 0 && warnings != nullptr) warnings->push_back(BytesTakenAsTrue(odd));
  }
  return tensor;
}

std::string MakeNpyHeader(DType dtype, absl::Span<const int64_t> shape) {
  std::string_view type;
  for (const auto& [name, candidate] : kTypes) {
    if (candidate == dtype) type = name;
  }
  const std::string dict =
      absl::StrCat("{'descr': '", DTypeSize(dtype) == 1 ? "|" : "<", ToAbsl(type),
                   "', 'fortran_order': False, 'shape': (", absl::StrJoin(shape, ", "),
                   shape.size() == 1 ? "," : "", "), }");
  const size_t unpadded = kMagic.size() + 4 + dict.size() + 1;
  const size_t total = CeilDiv(unpadded, kAlignment) * kAlignment;
  const size_t length = total - kMagic.size() - 4;  // at most 8 dimensions: far below 65536
  std::string out(kMagic);
  out += {'\1', '\0', static_cast<char>(length & 0xFF), static_cast<char>(length >> 8)};
  out += dict;
  out.append(total - unpadded, ' ');
  out += '\n';
  return out;
}

namespace internal {

absl::StatusOr<std::string> EncodeNpy(const Context& context, const TensorView& tensor) {
  std::string out = MakeNpyHeader(tensor.dtype, tensor.shape);
  const size_t header = out.size();
  ReserveLong(header + tensor.data.size(), &out);
  constexpr size_t kBlock = size_t{1} << 20;
  for (size_t at = 0; at < tensor.data.size(); at += kBlock) {
    TRINE_RETURN_IF_ERROR(context.cancel.Check());
    const ByteView block = tensor.data.subspan(at, kBlock);
    out.append(reinterpret_cast<const char*>(block.data()), block.size());
  }
  return out;
}

}  // namespace internal
}  // namespace trine::image
