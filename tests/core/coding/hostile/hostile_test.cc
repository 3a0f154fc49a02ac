// What must never crash, hang or pass for data: damage to whole streams, and what is not known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/coding/coding.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/hostile/refused.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using format::Mode;
using testing::HasSubstr;

struct Sample {
  std::string name;
  std::string coded;
};

// A few hundred bytes of every model and mode.
std::vector<Sample> Samples() {
  std::vector<Sample> samples;
  for (const NamedOptions& model : kModels) {
    for (size_t n : {40, 300}) {
      const std::string raw = Words(n, 1);
      auto coded = Encode({}, {}, AsBytes(raw), Options(model, 256));
      EXPECT_TRUE(coded.ok()) << coded.status();
      if (coded.ok()) samples.push_back({std::string(model.name) + std::to_string(n), *coded});
    }
  }
  const auto mixed =
      Encode({}, {}, AsBytes(std::string(256, 'a') + Noise(100, 1)), Options(kModels[0], 256));
  EXPECT_TRUE(mixed.ok());
  samples.push_back({"constant and stored", *mixed});
  for (const GoldenCase& c : GoldenCases()) {
    if (c.name == "table-text" || c.name == "image-rgb" || c.name == "bits" || c.name == "empty") {
      const auto coded = Encode({}, c.content, AsBytes(c.raw), c.options);
      EXPECT_TRUE(coded.ok());
      samples.push_back({c.name, *coded});
    }
  }
  for (const GoldenVariant& v : GoldenVariants()) {
    if (v.name == "variant-excerpt" || v.name == "variant-minor-7")
      samples.push_back({v.name, v.coded});
  }
  return samples;
}

DecodeOptions OptionsFor(const Sample& sample) {
  DecodeOptions options;
  if (sample.name == "variant-excerpt") options.range = ByteRange{1000, 2000};
  return options;
}

TEST(Hostile, EveryFlippedBitIsRefused) {
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(sample.name);
    const DecodeOptions options = OptionsFor(sample);
    const auto good = Decode({}, AsBytes(sample.coded), options);
    ASSERT_TRUE(good.ok()) << good.status();
    std::string bytes = sample.coded;
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
        const auto decoded = Decode({}, AsBytes(bytes), options);
        // Another major version is not a damaged stream.
        const bool version = i == (sample.coded[2] == 'C' ? 3u : 8u);
        EXPECT_EQ(decoded.status().code(),
                  version ? absl::StatusCode::kUnimplemented : absl::StatusCode::kDataLoss)
            << "byte " << i << " bit " << bit << " " << decoded.status();
        const auto streamed = DecodeStream({}, AsBytes(bytes), 64, options);
        EXPECT_EQ(streamed.status().code(), decoded.status().code())
            << "byte " << i << " bit " << bit << " " << streamed.status();
        (void)Inspect({}, AsBytes(bytes));
        bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      }
    }
  }
}

TEST(Hostile, EveryTruncationIsRefused) {
  for (const Sample& sample : Samples()) {
    SCOPED_TRACE(sample.name);
    const DecodeOptions options = OptionsFor(sample);
    for (size_t n = 0; n < sample.coded.size(); ++n) {
      const ByteView cut = AsBytes(sample.coded).subspan(0, n);
      EXPECT_EQ(Decode({}, cut, options).status().code(), absl::StatusCode::kDataLoss) << n;
      EXPECT_EQ(DecodeStream({}, cut, 100, options).status().code(), absl::StatusCode::kDataLoss)
          << n;
      EXPECT_EQ(Inspect({}, cut).status().code(), absl::StatusCode::kDataLoss) << n;
    }
  }
}

TEST(Hostile, BytesAfterAStreamAreRefusedWithTheirOffset) {
  const auto coded = Encode({}, {}, AsBytes(Words(100, 1)), {});
  ASSERT_TRUE(coded.ok());
  for (const std::string& more : {std::string("x"), std::string(1, '\0'), std::string("\x89TRX")}) {
    const std::string bytes = *coded + more;
    const auto decoded = Decode({}, AsBytes(bytes));
    EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(GetErrorDetail(decoded.status())->offset, static_cast<int64_t>(coded->size()));
    const auto streamed = DecodeStream({}, AsBytes(bytes), 10);
    EXPECT_EQ(GetErrorDetail(streamed.status())->offset, static_cast<int64_t>(coded->size()));
  }
}

TEST(Hostile, UnknownModelsAreNamedAndInspected) {
  const std::string raw = Words(50, 1);
  Header header = PlainHeader(static_cast<Model>(19));
  header.params = "whatever";
  const std::string coded = OneBlock(header, 19, 2, "????", raw);
  ExpectRefused(AsBytes(coded), absl::StatusCode::kUnimplemented, "model 19");
  const auto info = Inspect({}, AsBytes(coded));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->blocks[0].mode, "model-19");
  EXPECT_EQ(info->raw_bytes, 50u);
  // A block beside it that needs no model decodes.
  StreamBuilder stream(header);
  stream.Add(Mode::kStored, 0, 0, "plain", "plain");
  stream.Add(Mode::kModel, 19, 0, "????", raw);
  const std::string two = stream.Finish();
  DecodeOptions options;
  options.range = ByteRange{0, 5};
  const auto part = Decode({}, AsBytes(two), options);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(AsString(part->data), "plain");
  ExpectRefused(AsBytes(OneBlock(PlainHeader(), 2, 2, "????", raw)),
                absl::StatusCode::kUnimplemented, "model 2 with variant 2");
  ExpectRefused(AsBytes(OneBlock(PlainHeader(), 3, 3, "????", raw)),
                absl::StatusCode::kUnimplemented, "variant 3");
}

TEST(Hostile, VersionsAndFlags) {
  for (int major : {0, 2, 255}) {
    Header header = PlainHeader();
    header.major = static_cast<uint8_t>(major);
    ExpectRefused(AsBytes(StreamBuilder(header).Finish()), absl::StatusCode::kUnimplemented,
                  "version " + std::to_string(major));
  }
  for (int flag : {4, 8}) {
    Header header = PlainHeader();
    header.flags = static_cast<uint8_t>(flag);
    ExpectRefused(AsBytes(StreamBuilder(header).Finish()), absl::StatusCode::kUnimplemented,
                  "flag " + std::to_string(flag));
  }
  Header header = PlainHeader();
  header.minor = 200;
  header.flags = 0xF0;
  const auto decoded = Decode({}, AsBytes(StreamBuilder(header).Finish()));
  EXPECT_TRUE(decoded.ok()) << decoded.status();
}

}  // namespace
}  // namespace trine::coding
