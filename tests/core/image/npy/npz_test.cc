// NPZ: archives by the letter, whole and damaged.
#include <chrono>

#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Tensor> Decode(const std::string& file, const Context& context = {}) {
  return DecodeNpy(context, Exact(file));
}

std::string Npy(const Tensor& t) { return *EncodeImage(Context{}, Format::kNpy, t.view()); }

TEST(NpzTest, OneArray) {
  for (const Tensor& t : {Noise(DType::kFloat32, {7, 5, 3}), Noise(DType::kUint8, {100, 1000}),
                          Noise(DType::kInt64, {}), Tensor::Zeros(DType::kFloat64, {300, 300}),
                          Tensor::Zeros(DType::kUint8, {0, 3})}) {
    for (const bool deflated : {false, true}) {
      for (const bool zip64 : {false, true}) {
        const auto array = Decode(MakeNpz({{"arr_0.npy", Npy(t), deflated, zip64}}));
        ASSERT_TRUE(array.ok()) << Describe(t) << array.status();
        EXPECT_TRUE(Same(*array, t)) << Describe(t) << ' ' << deflated << ' ' << zip64;
      }
    }
  }
}

TEST(NpzTest, ACommentBehindTheDirectory) {
  std::string file = MakeNpz({{"a.npy", Npy(U8({2}, {1, 2}))}});
  file.replace(file.size() - 2, 2, Le<uint16_t>(5));
  const auto array = Decode(file + "hello");
  ASSERT_TRUE(array.ok()) << array.status();
  EXPECT_TRUE(Same(*array, U8({2}, {1, 2})));
}

TEST(NpzTest, SeveralAreRefusedWithTheirNames) {
  const std::string npy = Npy(U8({2}, {1, 2}));
  const auto two = Decode(MakeNpz({{"left.npy", npy}, {"right.npy", npy}}));
  EXPECT_THAT(two, HasReason("NOT_OFFERED"));
  EXPECT_THAT(std::string(two.status().message()), HasSubstr("2 arrays ('left', 'right')"));
  std::vector<ZipEntry> entries(1000, {"a", npy});
  for (size_t i = 0; i < entries.size(); ++i) entries[i].name = std::string(i % 100, 'x') + "\n";
  const auto many = Decode(MakeNpz(entries));
  EXPECT_THAT(many, HasReason("NOT_OFFERED"));
  EXPECT_THAT(std::string(many.status().message()), HasSubstr("1000 arrays"));
  EXPECT_EQ(many.status().message().find('\n'), absl::string_view::npos);
}

TEST(NpzTest, ArchivesThatAreNotRead) {
  const std::string npy = Npy(U8({2}, {1, 2}));
  EXPECT_THAT(Decode(MakeNpz({})), HasReason("CORRUPT_IMAGE"));
  EXPECT_THAT(Decode(MakeNpz({{"readme.txt", "hello"}})), HasReason("CORRUPT_IMAGE"));
  // An archive in an archive is no array, however deep they go.
  EXPECT_THAT(Decode(MakeNpz({{"a.npy", MakeNpz({{"a.npy", npy}})}})), HasReason("CORRUPT_IMAGE"));
  const std::string good = MakeNpz({{"a.npy", npy}});
  const size_t entry = good.find("PK\1\2");
  std::string encrypted = good, method = good;
  encrypted[entry + 8] = 1;
  method[entry + 10] = 12;  // bzip2
  EXPECT_THAT(Decode(encrypted), HasReason("NOT_OFFERED"));
  EXPECT_THAT(Decode(method), HasReason("NOT_OFFERED"));
}

TEST(NpzTest, DamagedFilesAreErrorsOrWhole) {
  Limits limits;
  limits.max_output_bytes = 1 << 20;
  Context context;
  context.limits = &limits;
  const Tensor t = Noise(DType::kUint16, {5, 9});
  for (const bool deflated : {false, true}) {
    for (const bool zip64 : {false, true}) {
      const std::string file = MakeNpz({{"a.npy", Npy(t), deflated, zip64}});
      for (size_t length = 0; length < file.size(); ++length) {
        EXPECT_THAT(Decode(file.substr(0, length)), HasReason("CORRUPT_IMAGE")) << length;
      }
      for (size_t i = 0; i < file.size(); ++i) {
        for (const int mask : {0x01, 0x80, 0xFF}) {
          std::string changed = file;
          changed[i] = static_cast<char>(changed[i] ^ mask);
          const auto array = Decode(changed, context);
          if (array.ok()) {
            EXPECT_TRUE(Same(*array, t)) << i;
          } else {
            EXPECT_NE(Reason(array.status()), "") << array.status();
          }
        }
      }
    }
  }
}

// An entry without a name whose head is the file's last bytes: found by fuzzing.
TEST(NpzTest, AnEntryThatEndsTheFile) {
  constexpr size_t kEndBytes = 22;
  std::string file = MakeNpz({{"a.npy", Npy(Noise(DType::kUint16, {5, 9})), false, false}});
  std::string entry = "PK\x01\x02";
  entry.resize(46);
  const size_t end = file.size() - kEndBytes;
  StoreLE(reinterpret_cast<uint8_t*>(&file[end + 16]), static_cast<uint32_t>(file.size()));
  StoreLE(reinterpret_cast<uint8_t*>(&file[end + 20]), static_cast<uint16_t>(entry.size()));
  EXPECT_THAT(Decode(file + entry), HasReason("CORRUPT_IMAGE"));
}

TEST(NpzTest, ClaimsBeyondTheLimitsAreRefusedByTheDirectory) {
  const std::string npy = Npy(U8({2}, {1, 2}));
  std::string file = MakeNpz({{"a.npy", npy, true, true}});
  const size_t extra = file.rfind(Le<uint16_t>(1) + Le<uint16_t>(16));
  for (const uint64_t bytes : {uint64_t{1} << 31, UINT64_MAX}) {
    file.replace(extra + 4, 8, Le(bytes));
    EXPECT_THAT(Decode(file), HasReason("LIMIT_EXCEEDED")) << bytes;
  }
  file.replace(extra + 4, 8, Le(uint64_t{1} << 29));  // within them, but not in so few bytes
  EXPECT_THAT(Decode(file), HasReason("CORRUPT_IMAGE"));
  Limits limits;
  limits.max_output_bytes = 9999;
  Context context;
  context.limits = &limits;
  const auto array =
      Decode(MakeNpz({{"a.npy", Npy(Tensor::Zeros(DType::kUint8, {100, 100})), true}}), context);
  EXPECT_THAT(array, HasReason("LIMIT_EXCEEDED"));
}

TEST(NpzTest, ArraysAroundTheLongestHeader) {
  const int64_t header = static_cast<int64_t>(MakeNpyHeader(DType::kUint8, {65536}).size());
  for (const int64_t more : {-1, 0, 1}) {
    const Tensor t =
        Noise(DType::kUint8, {static_cast<int64_t>(kMaxNpyHeaderBytes) - header + more});
    const auto array = Decode(MakeNpz({{"a.npy", Npy(t), true}}));
    ASSERT_TRUE(array.ok()) << array.status();
    EXPECT_TRUE(Same(*array, t)) << more;
  }
}

// Whatever follows, which is neither unpacked nor summed: here it is damaged.
TEST(NpzTest, ClaimsOfTheArrayAreRefusedByItsHeader) {
  const Tensor t = Noise(DType::kUint8, {1 << 20});
  const std::string data = Npy(t).substr(MakeNpyHeader(DType::kUint8, {1 << 20}).size());
  for (const auto& [shape, reason] :
       {std::pair{int64_t{1} << 32, "LIMIT_EXCEEDED"}, {(int64_t{1} << 20) + 1, "CORRUPT_IMAGE"}}) {
    for (const bool deflated : {false, true}) {
      std::string file =
          MakeNpz({{"a.npy", MakeNpyHeader(DType::kUint8, {shape}) + data, deflated}});
      for (size_t i = file.size() / 2; i < file.size() / 2 + 1000; ++i) file[i] = '\0';
      const auto array = Decode(file);
      EXPECT_THAT(array, HasReason(reason)) << shape << ' ' << deflated;
      EXPECT_THAT(std::string(array.status().message()), HasSubstr(absl::StrCat(shape)));
    }
  }
}

TEST(NpzTest, DeflatedIsCancelled) {
  const Tensor t = Tensor::Zeros(DType::kUint8, {64 << 20});
  const std::string file = MakeNpz({{"a.npy", Npy(t), true}});
  CancelSource source;
  source.SetDeadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
  Context context;
  context.cancel = source.token();
  EXPECT_THAT(Decode(file, context), HasReason("DEADLINE"));
}

}  // namespace
}  // namespace trine::image::testing
