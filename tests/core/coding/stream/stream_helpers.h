// Whole streams for tests: at once and in pieces.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "absl/status/statusor.h"
#include "core/base/long_array.h"
#include "core/coding/coding.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {

inline std::string MustEncode(const std::string& raw, const EncodeOptions& options,
                              const Context& context = {}, EncodeStats* stats = nullptr) {
  auto coded = Encode(context, Content{}, AsBytes(raw), options, stats);
  EXPECT_TRUE(coded.ok()) << coded.status();
  return coded.ok() ? *coded : "";
}

inline std::string MustDecode(const std::string& coded, const Context& context = {}) {
  const auto decoded = Decode(context, AsBytes(coded));
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return decoded.ok() ? AsString(decoded->data) : "failed";
}

inline std::string EncodeInPieces(const std::string& raw, const EncodeOptions& options,
                                  size_t piece, const Context& context = {}) {
  auto encoder = StreamEncoder::Create(context, Content{}, options);
  EXPECT_TRUE(encoder.ok());
  std::string out;
  for (size_t i = 0; i < raw.size(); i += piece) {
    EXPECT_TRUE((*encoder)->Write(AsBytes(raw).subspan(i, piece), &out).ok());
  }
  EncodeStats stats;
  EXPECT_TRUE((*encoder)->Finish(&out, &stats).ok());
  EXPECT_EQ(stats.raw_bytes, raw.size());
  EXPECT_EQ(stats.coded_bytes, out.size());
  return out;
}

inline absl::StatusOr<std::string> DecodeInPieces(ByteView coded, size_t piece,
                                                  const DecodeOptions& options = {},
                                                  const Context& context = {},
                                                  uint64_t* blocks_decoded = nullptr) {
  auto decoder = StreamDecoder::Create(context, options);
  if (!decoder.ok()) return decoder.status();
  std::string raw;
  LongArray<uint8_t> part;
  const auto drain = [&]() -> absl::Status {
    while (true) {
      auto more = (*decoder)->Next(&part);
      if (!more.ok()) return more.status();
      if (!*more) return absl::OkStatus();
      raw += AsString(part);
    }
  };
  for (size_t i = 0; i < coded.size(); i += piece) {
    if (auto s = (*decoder)->Write(coded.subspan(i, piece)); !s.ok()) return s;
    if (auto s = drain(); !s.ok()) return s;
  }
  if (auto s = (*decoder)->Finish(); !s.ok()) return s;
  if (auto s = drain(); !s.ok()) return s;
  if (blocks_decoded != nullptr) *blocks_decoded = (*decoder)->blocks_decoded();
  return raw;
}

inline absl::StatusOr<std::string> DecodeInPieces(const std::string& coded, size_t piece,
                                                  const DecodeOptions& options = {},
                                                  const Context& context = {},
                                                  uint64_t* blocks_decoded = nullptr) {
  return DecodeInPieces(AsBytes(coded), piece, options, context, blocks_decoded);
}

inline absl::StatusOr<std::string> StreamRange(const std::string& coded, const ByteRange& range,
                                               size_t piece, uint64_t* blocks_decoded = nullptr) {
  DecodeOptions options;
  options.range = range;
  return DecodeInPieces(coded, piece, options, {}, blocks_decoded);
}

}  // namespace trine::coding
