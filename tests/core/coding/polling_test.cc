// Encoder and decoder poll at least once in kBytesAPoll raw bytes, and at least every 10 ms.
#include "tests/core/polling.h"

#include <random>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/exact.h"
#include "core/coding/stream/recover.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

constexpr size_t kBytes = size_t{3} << 20;
// Below 3 ms for the slowest model.
constexpr uint64_t kBytesAPoll = 32768;

std::vector<uint8_t> Raw() {
  std::mt19937 random(5);
  std::vector<uint8_t> raw(kBytes);
  for (uint8_t& byte : raw) byte = static_cast<uint8_t>(random() % 50 + random() % 50);
  return raw;
}

void ExpectCoderPolls(const std::string& name, const EncodeOptions& options) {
  const std::vector<uint8_t> raw = Raw();
  std::string coded;
  ExpectPolls("encode " + name, kBytes, kBytesAPoll, [&](const Context& context) {
    auto done = Encode(context, {}, raw, options);
    if (done.ok()) coded = *std::move(done);
    return done.status();
  });
  const ByteView view(reinterpret_cast<const uint8_t*>(coded.data()), coded.size());
  ExpectPolls("decode " + name, kBytes, kBytesAPoll,
              [&](const Context& context) { return Decode(context, view).status(); });
}

TEST(Polling, Models) {
  EncodeOptions options;
  options.block_bytes = uint64_t{1} << 20;
  ExpectCoderPolls("auto", options);
  options.model = Model::kStatic;
  ExpectCoderPolls("static", options);
  options.model = Model::kAdaptive;
  for (const int order : {0, 1, 2}) {
    options.order = order;
    ExpectCoderPolls("adaptive of order " + std::to_string(order), options);
  }
  options.order.reset();
  options.model = Model::kTable;
  ProbabilityTable table;
  table.kind = SymbolKind::kBytes;
  for (uint32_t value = 0; value < 100; ++value) {
    table.integers.push_back(value);
    table.counts.push_back(1 + value);
  }
  options.table = table;
  ExpectCoderPolls("table", options);
}

TEST(Polling, SeveralTablesAndALongIndex) {
  EncodeOptions options;
  options.model = Model::kTable;
  for (uint64_t t = 0; t < 3; ++t) {
    ProbabilityTable table;
    table.kind = SymbolKind::kBytes;
    for (uint64_t value = 0; value < 100; ++value) {
      table.integers.push_back(value);
      table.counts.push_back(1 + value * (t + 1) % 97);
    }
    options.tables.push_back(MakeTable(table, {}).value());
  }
  const std::vector<uint8_t> raw = Raw();
  std::vector<uint8_t> index(raw.size());
  for (size_t i = 0; i < index.size(); ++i) index[i] = static_cast<uint8_t>(i * i % 3);
  options.table_index = index;
  std::string coded;
  ExpectPolls("encode", kBytes, kBytesAPoll, [&](const Context& context) {
    auto done = Encode(context, {}, raw, options);
    if (done.ok()) coded = *std::move(done);
    return done.status();
  });
  const ByteView view(reinterpret_cast<const uint8_t*>(coded.data()), coded.size());
  DecodeOptions decode;
  decode.table_index = index;
  ExpectPolls("decode", kBytes, kBytesAPoll,
              [&](const Context& context) { return Decode(context, view, decode).status(); });
  // A wrong index is found out on the way.
  index[1] ^= 1;
  EXPECT_EQ(Decode({}, view, decode).status().code(), absl::StatusCode::kInvalidArgument);
}

// What is not coded at all is copied and compared with a checksum, at memory's speed.
TEST(Polling, BlocksWithoutAModel) {
  constexpr uint64_t kBytesAPollOfCopies = uint64_t{2} << 20;
  constexpr size_t kLong = size_t{64} << 20;  // at memory's speed, longer than a gap may be
  std::vector<uint8_t> raw(kLong, 7);
  const auto expect = [&](const std::string& name) {
    EncodeOptions options;
    options.model = Model::kStatic;
    options.block_bytes = kLong;
    std::string coded;
    ExpectPolls("encode " + name, kLong, kBytesAPollOfCopies, [&](const Context& context) {
      auto done = Encode(context, {}, raw, options);
      if (done.ok()) coded = *std::move(done);
      return done.status();
    });
    const ByteView view(reinterpret_cast<const uint8_t*>(coded.data()), coded.size());
    ExpectPolls("decode " + name, kLong, kBytesAPollOfCopies,
                [&](const Context& context) { return Decode(context, view).status(); });
  };
  expect("constant");
  std::mt19937 random(6);
  for (uint8_t& byte : raw) byte = static_cast<uint8_t>(random());
  expect("stored");
}

// The longest block that there is: no pass over it, however fast, goes without polls.
TEST(Polling, LongBlocks) {
  if (!kPollsAreTimed) GTEST_SKIP() << "gaps are measured in optimised builds only";
  std::mt19937 random(5);
  std::vector<uint8_t> raw(size_t{64} << 20);
  for (uint8_t& byte : raw) byte = static_cast<uint8_t>(random() % 50 + random() % 50);
  for (const Model model : {Model::kAuto, Model::kStatic, Model::kAdaptive}) {
    EncodeOptions options;
    options.model = model;
    if (model != Model::kAuto) options.order = 0;
    options.block_bytes = raw.size();
    std::string coded;
    ExpectShortGaps("encode", [&](const Context& context) {
      auto done = Encode(context, {}, raw, options);
      if (done.ok()) coded = *std::move(done);
      return done.status();
    });
    ExpectShortGaps(
        "decode", [&](const Context& context) { return Decode(context, AsBytes(coded)).status(); });
  }
}

TEST(Polling, Inspect) {
  constexpr uint64_t kBlocksAPoll = 4096;
  EncodeOptions options;
  options.block_bytes = kMinBlockBytes;
  const std::vector<uint8_t> raw(5 * kBlocksAPoll * kMinBlockBytes / 2, 3);
  const auto coded = Encode({}, {}, raw, options);
  ASSERT_TRUE(coded.ok()) << coded.status();
  const ByteView view(reinterpret_cast<const uint8_t*>(coded->data()), coded->size());
  ExpectPolls("inspect", raw.size() / kMinBlockBytes, kBlocksAPoll,
              [&](const Context& context) { return Inspect(context, view).status(); });
}

TEST(Polling, Recover) {
  const std::vector<uint8_t> raw = Raw();
  EncodeOptions options;
  options.block_bytes = size_t{1} << 16;
  auto coded = Encode({}, {}, raw, options);
  ASSERT_TRUE(coded.ok()) << coded.status();
  const auto recover = [&](const Context& context) -> absl::Status {
    const auto recoverer = StreamRecoverer::Create(context, {});
    TRINE_RETURN_IF_ERROR(recoverer->Write(AsBytes(*coded)));
    TRINE_RETURN_IF_ERROR(recoverer->Finish());
    LongArray<uint8_t> out;
    for (;;) {
      TRINE_ASSIGN_OR_RETURN(const bool more, recoverer->Next(&out));
      if (!more) return absl::OkStatus();
    }
  };
  ExpectPolls("a sound stream", kBytes, kBytesAPoll, recover);
  // Every head is lost with the first bytes: a search through it all.
  coded->erase(0, 1);
  for (size_t at = 0; at + 64 < coded->size(); at += 1000) coded->replace(at, 64, 64, '\xFF');
  ExpectPolls("a search", coded->size(), kBytesAPoll, recover);
}

TEST(Polling, Exact) {
  constexpr uint64_t kSymbolsAPoll = 256;
  ProbabilityTable table;
  table.text = {"a", "b", "c"};
  table.probabilities = {"0.25", "0.25", "0.5"};
  const std::vector<std::string> message(2048, "a");
  std::string bits;
  ExpectPolls("encode", message.size(), kSymbolsAPoll, [&](const Context& context) {
    auto code = ExactEncode(context, table, message, 0);
    if (code.ok()) bits = code->shortest;
    return code.status();
  });
  ExpectPolls("decode", message.size(), kSymbolsAPoll, [&](const Context& context) {
    return ExactDecode(context, table, bits, message.size()).status();
  });
}

}  // namespace
}  // namespace trine::coding
