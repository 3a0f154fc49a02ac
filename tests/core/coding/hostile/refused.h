// Streams made to be refused, and whether they are: whole and in pieces.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/coding/coding.h"
#include "tests/core/coding/golden/golden_builder.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {

inline absl::StatusOr<std::string> DecodeStream(const Context& context, ByteView coded,
                                                size_t piece, const DecodeOptions& options = {}) {
  return DecodeInPieces(coded, piece, options, context);
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
