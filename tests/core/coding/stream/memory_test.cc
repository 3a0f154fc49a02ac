// What readers and writers of streams hold: memory follows what has come, not what a header claims,
// and not the number of threads.
#include <gtest/gtest.h>

#include <string>

#include "core/coding/coding.h"
#include "core/coding/stream/batch.h"
#include "core/coding/stream/recover.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/coding/golden/golden_builder.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

Header LargestBlocks() {
  Header header = PlainHeader();
  header.block_bytes = format::kMaxBlockBytes;
  return header;
}

// `blocks` blocks of one byte that is repeated `raw_bytes` times: about 20 coded bytes each.
std::string ConstantBlocks(size_t blocks, size_t raw_bytes) {
  StreamBuilder stream(LargestBlocks());
  const std::string raw(raw_bytes, 'c');
  BlockHead head;
  head.mode = format::Mode::kConstant;
  head.raw_bytes = raw.size();
  head.coded_bytes = head.side_bytes = 1;
  head.checksum = Checksum(AsBytes(raw));
  for (size_t i = 0; i < blocks; ++i, head.raw_offset += head.raw_bytes) stream.AddHead(head, "c");
  return stream.Finish();
}

// Reads what `decoder` decodes; returns the most that it and the caller held at a time.
uint64_t MostHeld(StreamDecoder* decoder, uint64_t raw_bytes) {
  uint64_t most = 0, total = 0;
  LongArray<uint8_t> raw;
  while (true) {
    const absl::StatusOr<bool> more = decoder->Next(&raw);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) break;
    total += raw.size();
    most = std::max(most, decoder->HeldBytes() + raw.size());
  }
  EXPECT_EQ(total, raw_bytes);
  return most;
}

class Threads : public testing::TestWithParam<int> {
 protected:
  Threads() : pool_(GetParam()) { context_.pool = &pool_; }
  ThreadPool pool_;
  Context context_;
};
INSTANTIATE_TEST_SUITE_P(Memory, Threads, testing::Values(1, 2, 16));

// 900 bytes whose header claims blocks of 1 GiB.
TEST_P(Threads, ABatchIsBoundedByItsBlocksNotByTheHeader) {
  const size_t blocks = 20, raw_bytes = 64 * kMiB;
  const std::string coded = ConstantBlocks(blocks, raw_bytes);
  ASSERT_LT(coded.size(), 1000u);
  auto decoder = StreamDecoder::Create(context_, {});
  ASSERT_TRUE(decoder.ok());
  ASSERT_TRUE((*decoder)->Write(AsBytes(coded)).ok());
  ASSERT_TRUE((*decoder)->Finish().ok());
  EXPECT_LE(MostHeld(decoder->get(), blocks * raw_bytes), kMaxBatchBytes + kMiB);
  const auto recoverer = StreamRecoverer::Create(context_, {});
  ASSERT_TRUE(recoverer->Write(AsBytes(coded)).ok());
  ASSERT_TRUE(recoverer->Finish().ok());
  EXPECT_LE(MostHeld(recoverer.get(), blocks * raw_bytes), kMaxBatchBytes + kMiB);
}

// What lists the blocks of a batch takes memory too.
TEST_P(Threads, ABatchHasABoundedNumberOfBlocks) {
  if (GetParam() == 1) return;  // one block at a time: another might be of 64 MiB
  const std::string coded = ConstantBlocks(kMaxBatchBlocks + 2, 1);
  auto decoder = StreamDecoder::Create(context_, {});
  ASSERT_TRUE(decoder.ok());
  // All but the end: still blocks may follow.
  ASSERT_TRUE((*decoder)->Write(AsBytes(coded).subspan(0, coded.size() / 2)).ok());
  LongArray<uint8_t> raw;
  EXPECT_FALSE((*decoder)->Next(&raw).value());
  ASSERT_TRUE((*decoder)->Write(AsBytes(coded).subspan(coded.size() / 2)).ok());
  ASSERT_TRUE((*decoder)->Next(&raw).value());
  EXPECT_EQ(raw.size(), kMaxBatchBlocks);
}

TEST_P(Threads, AnEncoderCollectsABoundedBatch) {
  EncodeOptions options;
  options.block_bytes = 64 * kMiB;
  auto encoder = StreamEncoder::Create(context_, {}, options);
  ASSERT_TRUE(encoder.ok());
  const std::string piece(2 * kMiB, 'p');
  std::string out;
  for (int i = 0; i < 72; ++i) {
    ASSERT_TRUE((*encoder)->Write(AsBytes(piece), &out).ok());
    ASSERT_LE((*encoder)->HeldBytes(), kMaxBatchBytes + kMiB);
  }
}

class Account : public MemoryAccount {
 public:
  absl::Status Reserve(uint64_t bytes) override {
    most = std::max(most, bytes);
    return bytes <= allowed ? absl::OkStatus() : absl::ResourceExhaustedError("too much");
  }
  absl::Status ReserveResult(uint64_t bytes) override { return Reserve(bytes); }
  uint64_t allowed = 0, most = 0;
};

// A block's payloads, the one that is kept and the one that is tried, beside what is coded.
TEST(Memory, TheAccountIsAskedBeforeBlocksAreTried) {
  Account account;
  Context context;
  context.memory = &account;
  const std::string raw = Words(4 * kMiB, 1);
  EncodeOptions options;
  options.block_bytes = 4 * kMiB;
  account.allowed = 11 * kMiB;
  EXPECT_EQ(Encode(context, {}, AsBytes(raw), options).status().code(),
            absl::StatusCode::kResourceExhausted);
  account.allowed = 13 * kMiB;
  EXPECT_TRUE(Encode(context, {}, AsBytes(raw), options).ok());
  EXPECT_GE(account.most, 12 * kMiB);
}

// The memory account is told before a batch is allocated, and its answer ends the stream.
TEST(Memory, TheAccountIsAskedBeforeABatchIsDecoded) {
  Account account;
  Context context;
  context.memory = &account;
  const std::string coded = ConstantBlocks(1, 16 * kMiB);
  for (const bool recovers : {false, true}) {
    SCOPED_TRACE(recovers);
    for (const uint64_t allowed : {7 * kMiB, 10 * kMiB, 20 * kMiB}) {
      account.allowed = allowed;
      account.most = 0;
      std::unique_ptr<StreamDecoder> decoder;
      if (recovers) {
        decoder = StreamRecoverer::Create(context, {});
      } else {
        decoder = StreamDecoder::Create(context, {}).value();
      }
      ASSERT_TRUE(decoder->Write(AsBytes(coded)).ok());
      ASSERT_TRUE(decoder->Finish().ok());
      LongArray<uint8_t> raw;
      EXPECT_EQ(decoder->Next(&raw).status().code(),
                allowed < 16 * kMiB ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kOk);
      EXPECT_GE(account.most, 16 * kMiB);
    }
  }
  account.allowed = 15 * kMiB;
  EXPECT_EQ(Decode(context, AsBytes(coded)).status().code(), absl::StatusCode::kResourceExhausted);
  account.allowed = 16 * kMiB;
  EXPECT_TRUE(Decode(context, AsBytes(coded)).ok());
}

TEST(Memory, WhatIsHeldIsSaid) {
  const std::string raw = Noise(3 * kMiB / 2, 1);
  auto encoder = StreamEncoder::Create({}, {}, {});
  ASSERT_TRUE(encoder.ok());
  const uint64_t idle = (*encoder)->HeldBytes();
  EXPECT_LT(idle, 10000u);
  std::string coded;
  ASSERT_TRUE((*encoder)->Write(AsBytes(raw).subspan(0, kMiB / 2), &coded).ok());
  EXPECT_GE((*encoder)->HeldBytes(), idle + kMiB / 2);
  EXPECT_EQ((*encoder)->copied_bytes(), kMiB / 2);
  ASSERT_TRUE((*encoder)->Write(AsBytes(raw).subspan(kMiB / 2), &coded).ok());
  ASSERT_TRUE((*encoder)->Finish(&coded, nullptr).ok());
  EXPECT_LT((*encoder)->HeldBytes(), idle + 1000);

  auto decoder = StreamDecoder::Create({}, {});
  ASSERT_TRUE(decoder.ok());
  EXPECT_LT((*decoder)->HeldBytes(), 1000u);
  LongArray<uint8_t> some;
  ASSERT_TRUE((*decoder)->Write(AsBytes(coded).subspan(0, kMiB / 2)).ok());
  EXPECT_FALSE((*decoder)->Next(&some).value());
  EXPECT_GE((*decoder)->HeldBytes(), kMiB / 2);
  EXPECT_LT((*decoder)->HeldBytes(), kMiB);

  EncodeOptions options;
  options.model = Model::kTable;
  options.table = ByteTable();
  auto with_table = StreamEncoder::Create({}, {}, options);
  ASSERT_TRUE(with_table.ok());
  EXPECT_GT((*with_table)->HeldBytes(), idle + 10000);
}

// Bytes that nobody wants are not kept, though a block that was wanted waits for others.
TEST(Memory, WhatComesAfterARangeIsNotKept) {
  const std::string raw = Noise(8 * kMiB, 2);
  EncodeOptions encode;
  encode.block_bytes = 64 << 10;
  const std::string coded = MustEncode(raw, encode);
  DecodeOptions options;
  options.range = ByteRange{0, 100};
  auto decoder = StreamDecoder::Create({}, options);
  ASSERT_TRUE(decoder.ok());
  std::string got;
  LongArray<uint8_t> some;
  for (size_t at = 0; at < coded.size(); at += 100000) {
    ASSERT_TRUE((*decoder)->Write(AsBytes(coded).subspan(at, 100000)).ok());
    while ((*decoder)->Next(&some).value()) got += AsString(some);
    ASSERT_LE((*decoder)->HeldBytes(), kMiB);
  }
  ASSERT_TRUE((*decoder)->Finish().ok());
  while ((*decoder)->Next(&some).value()) got += AsString(some);
  EXPECT_EQ(got, raw.substr(0, 100));
}

}  // namespace
}  // namespace trine::coding
