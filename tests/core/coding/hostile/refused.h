// Streams made to be refused, and whether they are: whole and in pieces.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/coding/coding.h"
#include "tests/core/coding/golden/golden_builder.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {

inline absl::StatusOr<std::string> DecodeStream(const Context& context, ByteView coded,
                                                size_t piece, const DecodeOptions& options = {}) {
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
  return raw;
}

inline void ExpectRefused(ByteView coded, absl::StatusCode code, const std::string& text,
                          const Context& context = {}) {
  const auto whole = Decode(context, coded);
  EXPECT_EQ(whole.status().code(), code) << whole.status();
  EXPECT_THAT(std::string(whole.status().message()), testing::HasSubstr(text));
  const auto streamed = DecodeStream(context, coded, 5);
  EXPECT_EQ(streamed.status().code(), code) << streamed.status();
  EXPECT_THAT(std::string(streamed.status().message()), testing::HasSubstr(text));
}

// A stream of one block.
inline std::string OneBlock(const Header& header, uint8_t model, uint8_t variant,
                            const std::string& payload, const std::string& raw) {
  StreamBuilder stream(header);
  stream.Add(format::Mode::kModel, model, variant, payload, raw);
  return stream.Finish();
}

}  // namespace trine::coding
