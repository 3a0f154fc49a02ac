#include "tests/bench/coding/coding_codecs.h"

#include <htscodecs/arith_dynamic.h>
#include <htscodecs/rANS_static4x16.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "tests/bench/coding/coding_measure.h"

namespace trine::bench {

absl::StatusOr<std::unique_ptr<OurCodec>> OurCodec::Create(const Context& context,
                                                           const coding::EncodeOptions& options,
                                                           ByteView raw) {
  std::unique_ptr<OurCodec> codec(new OurCodec(context, options, raw));
  TRINE_RETURN_IF_ERROR(codec->TryEncode());
  return codec;
}

absl::Status OurCodec::TryEncode() {
  coded_ = std::string();  // as a caller who is done with the last answer
  TRINE_ASSIGN_OR_RETURN(coded_, coding::Encode(context_, {}, raw_, options_, &stats_));
  return absl::OkStatus();
}

void OurCodec::Encode() {
  if (const absl::Status status = TryEncode(); !status.ok()) Die(std::string(status.message()));
}

void OurCodec::Decode() {
  decoded_ = {};
  auto decoded =
      coding::Decode(context_, {reinterpret_cast<const uint8_t*>(coded_.data()), coded_.size()});
  if (!decoded.ok()) Die(std::string(decoded.status().message()));
  decoded_ = *std::move(decoded);
}

HtsCodec::HtsCodec(Kind kind, int order, ByteView raw)
    : kind_(kind),
      order_(order),
      raw_(raw),
      bound_(kind == Kind::kArith ? arith_compress_bound(kBlockBytes, order)
                                  : rans_compress_bound_4x16(kBlockBytes, order)),
      coded_sizes_((raw.size() + kBlockBytes - 1) / kBlockBytes),
      decoded_(raw.size()) {
  coded_.resize(bound_ * coded_sizes_.size());
}

ByteView HtsCodec::Block(size_t i) const {
  return raw_.subspan(i * kBlockBytes, std::min(kBlockBytes, raw_.size() - i * kBlockBytes));
}

void HtsCodec::Encode() {
  const auto compress = kind_ == Kind::kArith ? arith_compress_to : rans_compress_to_4x16;
  for (size_t i = 0; i < coded_sizes_.size(); ++i) {
    const ByteView block = Block(i);
    auto size = static_cast<unsigned>(bound_);
    // The library's signatures lack a const.
    if (compress(const_cast<uint8_t*>(block.data()), static_cast<unsigned>(block.size()),
                 coded_.data() + i * bound_, &size, order_) == nullptr)
      Die("htscodecs does not encode with order " + std::to_string(order_));
    coded_sizes_[i] = size;
  }
}

void HtsCodec::Decode() {
  const auto uncompress = kind_ == Kind::kArith ? arith_uncompress_to : rans_uncompress_to_4x16;
  for (size_t i = 0; i < coded_sizes_.size(); ++i) {
    const size_t bytes = Block(i).size();
    auto size = static_cast<unsigned>(bytes);
    if (uncompress(coded_.data() + i * bound_, coded_sizes_[i], decoded_.data() + i * kBlockBytes,
                   &size) == nullptr ||
        size != bytes)
      Die("htscodecs does not decode with order " + std::to_string(order_));
  }
}

uint64_t HtsCodec::coded_bytes() const {
  uint64_t sum = 0;
  for (const uint32_t size : coded_sizes_) sum += size;
  return sum;
}

}  // namespace trine::bench
