// Nothing is read or written beside the bytes that a model is given, on any instruction set of this
// machine; and no input makes the encoder outgrow its memory, or its output the raw bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/models/adaptive/drifting_model.h"
#include "core/coding/models/static/static_model.h"
#include "core/coding/models/table/table_model.h"
#include "tests/core/coding/each_target.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/hostile/hostile_writer.h"
#include "tests/core/coding/hostile/order1_payload.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

const size_t kPage = static_cast<size_t>(sysconf(_SC_PAGESIZE));
size_t WholePages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

// While it is on, malloc of this thread hands out memory that ends at a page which nobody may
// touch (but for up to 15 bytes, for the alignment), from a stretch of addresses of its own.
thread_local bool fenced = false;
constexpr size_t kFenceBytes = size_t{1} << 40;
uint8_t* fence = nullptr;
std::atomic<size_t> fence_used{0};

[[maybe_unused]] bool InFence(const void* p) {
  return fence != nullptr && p >= fence && p < fence + kFenceBytes;
}

[[maybe_unused]] void* FencedMalloc(size_t n) {
  const size_t used = (n + 15) / 16 * 16;
  const size_t pages = WholePages(used + 16);
  uint8_t* const begin = fence + fence_used.fetch_add(pages + kPage);
  if (begin + pages + kPage > fence + kFenceBytes) abort();
  if (mprotect(begin, pages, PROT_READ | PROT_WRITE) != 0) abort();
  uint8_t* const p = begin + pages - used;
  std::memcpy(p - sizeof(n), &n, sizeof(n));
  return p;
}
[[maybe_unused]] size_t FencedSize(const void* p) {
  size_t n = 0;
  std::memcpy(&n, static_cast<const uint8_t*>(p) - sizeof(n), sizeof(n));
  return n;
}
[[maybe_unused]] void FencedFree(void* p) {
  const size_t used = (FencedSize(p) + 15) / 16 * 16;
  uint8_t* const end = static_cast<uint8_t*>(p) + used;
  const size_t pages = WholePages(used + 16);
  // Whoever uses it later is caught as well.
  madvise(end - pages, pages, MADV_DONTNEED);
  mprotect(end - pages, pages, PROT_NONE);
}

}  // namespace
}  // namespace trine::coding

// Sanitizers have fences of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TRINE_FENCED_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TRINE_FENCED_MALLOC 0
#endif
#endif
#if !defined(TRINE_FENCED_MALLOC) && defined(__GLIBC__)
#define TRINE_FENCED_MALLOC 1
extern "C" {
void* __libc_malloc(size_t n);
void* __libc_calloc(size_t n, size_t size);
void* __libc_realloc(void* p, size_t n);
void __libc_free(void* p);

void* malloc(size_t n) noexcept {
  return trine::coding::fenced ? trine::coding::FencedMalloc(n) : __libc_malloc(n);
}
void* calloc(size_t n, size_t size) noexcept {  // fresh pages are zeros
  return trine::coding::fenced ? trine::coding::FencedMalloc(n * size) : __libc_calloc(n, size);
}
void free(void* p) noexcept {
  trine::coding::InFence(p) ? trine::coding::FencedFree(p) : __libc_free(p);
}
void* realloc(void* p, size_t n) noexcept {
  if (!trine::coding::fenced && !trine::coding::InFence(p)) return __libc_realloc(p, n);
  void* const to = malloc(n);
  if (p != nullptr) {
    const size_t old =
        trine::coding::InFence(p) ? trine::coding::FencedSize(p) : malloc_usable_size(p);
    std::memcpy(to, p, std::min(old, n));
    free(p);
  }
  return to;
}
}
#endif

namespace trine::coding {
namespace {

// Runs `body` where memory is fenced, in a thread that has kept none from before.
template <class Body>
void InFencedThread(Body body) {
  if (fence == nullptr) {
    void* const memory =
        mmap(nullptr, kFenceBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    fence = static_cast<uint8_t*>(memory);
  }
  std::thread([&] {
    fenced = true;
    body();
    fenced = false;
  }).join();
}

// Bytes at either end of memory between two pages that nobody may touch.
class Between {
 public:
  explicit Between(size_t most) : bytes_(WholePages(most)) {
    memory_ = static_cast<uint8_t*>(mmap(nullptr, bytes_ + 2 * kPage, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(memory_, MAP_FAILED);
    EXPECT_EQ(mprotect(memory_, kPage, PROT_NONE), 0);
    EXPECT_EQ(mprotect(memory_ + kPage + bytes_, kPage, PROT_NONE), 0);
  }
  ~Between() { munmap(memory_, bytes_ + 2 * kPage); }
  Between(const Between&) = delete;
  Between& operator=(const Between&) = delete;

  MutableByteView Place(size_t n, bool at_end) {
    EXPECT_LE(n, bytes_);
    return MutableByteView(memory_ + kPage + (at_end ? bytes_ - n : 0), n);
  }
  ByteView Put(const std::string& bytes, bool at_end) {
    const MutableByteView to = Place(bytes.size(), at_end);
    std::memcpy(to.data(), bytes.data(), bytes.size());
    return to;
  }

 private:
  const size_t bytes_;
  uint8_t* memory_;
};

// Around lanes, vectors, and the pieces between two polls.
std::vector<size_t> Sizes() {
  std::vector<size_t> sizes;
  for (size_t n = 1; n <= 40; ++n) sizes.push_back(n);
  for (const size_t n : {64u, 96u, 128u, 256u, 512u, 1024u, 4096u}) {
    for (const size_t k : {n - 1, n, n + 1}) sizes.push_back(k);
  }
  for (const size_t n : {100u, 333u, 1000u, 2017u, 16383u, 16384u, 16385u, 16384u + 33u, 40000u}) {
    sizes.push_back(n);
  }
  return sizes;
}
constexpr size_t kMostBytes = size_t{1} << 18;

// What the tests below rely on.
TEST(HostileBoundsDeathTest, ThePagesAroundAreNotToBeTouched) {
  const auto read = [](const uint8_t* p) { return *static_cast<const volatile uint8_t*>(p); };
  Between memory(100);
  const MutableByteView at_end = memory.Place(100, true);
  EXPECT_EQ(read(at_end.data() + 99), 0);
  EXPECT_DEATH(read(at_end.data() + 100), "");
  EXPECT_DEATH(read(memory.Place(100, false).data() - 1), "");
#if TRINE_FENCED_MALLOC
  std::string bytes;
  InFencedThread([&] { bytes.reserve(1000); });
  const auto* const data = reinterpret_cast<const uint8_t*>(bytes.data());
  EXPECT_EQ(read(data), 0);
  EXPECT_DEATH(read(data + 1000 + 16), "");
#endif
}

TEST(HostileBounds, DecodersStayWithinTheirBytes) {
  Between in(kMostBytes), out(kMostBytes);
  const std::vector<int64_t> targets = Targets();
  ASSERT_FALSE(targets.empty());
  for (const size_t n : Sizes()) {
    for (const int lanes_log2 : {0, 1, 2, 3, 4, 5, 6}) {
      for (const WholePayload& c : WholePayloads(n, lanes_log2)) {
        SCOPED_TRACE(c.name + " " + std::to_string(n) + " in lanes " + std::to_string(lanes_log2));
        for (const int64_t target : targets) {
          const OnlyTarget only(target);
          for (const bool at_end : {true, false}) {
            const MutableByteView raw = out.Place(c.raw.size(), at_end);
            std::memset(raw.data(), '?', raw.size());
            const absl::Status good = c.decode(in.Put(c.bytes, at_end), raw);
            ASSERT_TRUE(good.ok()) << hwy::TargetName(target) << " " << good;
            ASSERT_TRUE(AsString(raw) == c.raw) << hwy::TargetName(target);
          }
          // Words that are missing are not looked for.
          for (const size_t cut : {size_t{1}, size_t{2}, c.bytes.size() / 2}) {
            const std::string less = c.bytes.substr(0, c.bytes.size() - cut);
            EXPECT_EQ(c.decode(in.Put(less, true), out.Place(c.raw.size(), true)).code(),
                      absl::StatusCode::kDataLoss)
                << hwy::TargetName(target);
          }
        }
      }
    }
  }
}

// Nor do decoders leave the memory of their models, whatever the payload holds.
TEST(HostileBounds, DamagedPayloadsStayWithinTheModels) {
  std::mt19937 random(1);
  for (const size_t n : {100u, 1000u, 3000u}) {
    for (int lanes_log2 = 0; lanes_log2 <= 6; ++lanes_log2) {
      std::vector<WholePayload> payloads = WholePayloads(n, lanes_log2);
      // One whose lanes come to a symbol that nothing stands behind.
      PairTables pairs = SomePairTables();
      WholePayload absent = payloads[3];
      ASSERT_EQ(absent.name, "static-1");
      absent.bytes = pairs.Payload(pairs.Message(n, lanes_log2, 1), lanes_log2);
      payloads.push_back(absent);
      for (const WholePayload& c : payloads) {
        for (int round = 0; round < 8; ++round) {
          std::string bytes = c.bytes;
          // The lanes' words, or anything; once or often.
          const size_t first = round % 2 == 0 ? bytes.size() / 2 : 0;
          for (int k = 0; k <= round; ++k) {
            bytes[first + random() % (bytes.size() - first)] = static_cast<char>(random());
          }
          for (const int64_t target : Targets()) {
            const OnlyTarget only(target);
            InFencedThread([&] {
              std::string raw(c.raw.size(), '?');
              (void)c.decode(AsBytes(bytes),
                             MutableByteView(reinterpret_cast<uint8_t*>(raw.data()), raw.size()));
            });
          }
        }
      }
    }
  }
}

struct Encoder {
  std::string name;
  std::function<absl::StatusOr<Payload>(ByteView)> encode;
};

std::vector<Encoder> Encoders(const std::string& index_bytes, Between& index_memory) {
  std::vector<Encoder> out;
  const auto counted = [](auto encode) {
    return [encode](ByteView raw) {
      Histogram counts{};
      CountBytes(raw, counts);
      return encode(raw, counts);
    };
  };
  out.push_back({"static-0", counted([](ByteView raw, const Histogram& counts) {
                   return EncodeStatic(raw, counts, {});
                 })});
  out.push_back({"static-1", counted([](ByteView raw, const Histogram& counts) {
                   return EncodePairs(raw, counts);
                 })});
  out.push_back({"drifting", counted([](ByteView raw, const Histogram& counts) {
                   return EncodeDrifting(raw, counts, {}, {});
                 })});
  for (const int order : {0, 1, 2}) {
    for (const int lanes_log2 : {0, 3, 4, 6}) {
      AdaptiveParams params;
      params.order = order;
      params.lanes_log2 = lanes_log2;
      params.segment_log2 = 4;
      out.push_back({"adaptive-" + std::to_string(order), [params](ByteView raw) {
                       return EncodeAdaptive(raw, params, DefaultLimits(), {});
                     }});
    }
  }
  static const TablePtr narrow = WholeTable(false), wide = WholeTable(true);
  for (const TablePtr& table : {narrow, wide}) {
    out.push_back({table->wide() ? "table wide" : "table narrow",
                   [table](ByteView raw) -> absl::StatusOr<Payload> {
                     const auto ranks = RanksOf(*table, raw, 1, 0, {});
                     if (!ranks.ok()) return ranks.status();
                     return EncodeTable(*table, *ranks, raw.size(), {});
                   }});
  }
  out.push_back({"table of bytes", counted([](ByteView raw, const Histogram& counts) {
                   std::vector<uint64_t> by_rank(256);
                   for (uint32_t v = 0; v < 256; ++v) by_rank[narrow->Rank(v)] = counts[v];
                   return EncodeTableBytes(*narrow, raw, by_rank, {});
                 })});
  out.push_back({"tables", [&](ByteView raw) -> absl::StatusOr<Payload> {
                   const std::vector<TableRef> tables = {{narrow->id(), false, narrow},
                                                         {wide->id(), false, wide}};
                   const TableIndex index{
                       index_memory.Put(index_bytes.substr(0, raw.size()), true)};
                   const auto ranks = IndexedRanksOf(tables, index, raw, 1, 0, {});
                   if (!ranks.ok()) return ranks.status();
                   return EncodeIndexed(tables, index, *ranks, raw.size(), {});
                 }});
  return out;
}

TEST(HostileBounds, EncodersStayWithinTheirBytes) {
  Between in(kMostBytes), index_memory(kMostBytes);
  std::string index;
  for (size_t i = 0; i < kMostBytes; ++i) index.push_back(static_cast<char>(i % 3 == 0));
  const std::vector<Encoder> encoders = Encoders(index, index_memory);
  for (const size_t n : Sizes()) {
    if (n < 3) continue;  // two symbols at least, and what is constant is no model's
    for (const std::string& raw : {Words(n, 2), Noise(n, 3)}) {
      for (const Encoder& encoder : encoders) {
        SCOPED_TRACE(encoder.name + " " + std::to_string(n));
        const auto expected = encoder.encode(AsBytes(raw));
        ASSERT_TRUE(expected.ok()) << expected.status();
        for (const int64_t target : Targets()) {
          const OnlyTarget only(target);
          for (const bool at_end : {true, false}) {
            bool same = false;
            InFencedThread([&] {
              const auto payload = encoder.encode(in.Put(raw, at_end));
              same = payload.ok() && payload->fits == expected->fits &&
                     (!payload->fits || payload->bytes == expected->bytes);
            });
            ASSERT_TRUE(same) << hwy::TargetName(target);
          }
        }
      }
    }
  }
}

// The length of the stream with every block stored, cut as `coded` is.
size_t StoredLength(const std::string& coded, const std::string& raw) {
  Header header;
  const auto parsed = ParseHeader(AsBytes(coded), 0, &header);
  EXPECT_TRUE(parsed.ok() && parsed->complete());
  if (header.is_compact) {
    BlockHead head;
    head.raw_bytes = head.coded_bytes = raw.size();
    std::string out;
    // Of TABLE the table, which is there for who decodes, whatever it saves.
    if (static_cast<Model>(header.model) != Model::kTable) header.params.clear();
    AppendCompact(header, head, &out);
    return out.size() + raw.size();
  }
  StreamBuilder stream(header);
  for (size_t at = 0; at < raw.size(); at += header.block_bytes) {
    const std::string block = raw.substr(at, header.block_bytes);
    stream.Add(format::Mode::kStored, 0, 0, block, block);
  }
  return stream.Finish().size();
}

// Bytes that nibble models which have seen the ones before take for the least probable, in one
// lane; `order` 0 or 1.
std::string Surprises(size_t n, int order) {
  struct Model {
    NibbleModel high = kUniformNibble;
    std::vector<NibbleModel> low = std::vector<NibbleModel>(16, kUniformNibble);
  };
  std::vector<Model> models(256);
  const auto least = [](const NibbleModel& model) {
    uint32_t best = 0;
    for (uint32_t s = 1; s < 16; ++s) {
      if (model.End(s) - model.Start(s) < model.End(best) - model.Start(best)) best = s;
    }
    return best;
  };
  std::string raw;
  while (raw.size() < n) {
    Model& model = models[order == 0 || raw.empty() ? 0 : static_cast<uint8_t>(raw.back())];
    const uint32_t high = least(model.high), low = least(model.low[high]);
    scalar::Update(model.high, high, 262);
    scalar::Update(model.low[high], low, 262);
    raw.push_back(static_cast<char>(high << 4 | low));
  }
  return raw;
}

TEST(HostileBounds, NothingIsCodedLongerThanStored) {
  // The rarest symbol of a table costs three times itself.
  const TablePtr steep = [] {
    std::vector<uint64_t> numbers(513);
    numbers[0] = 256;
    for (size_t i = 0; i < 256; ++i) numbers[257 + i] = 1;
    numbers[257] = (uint64_t{1} << 24) - 255;
    return ParseTable(1, 24, numbers).value();
  }();
  for (const size_t n : {1u, 2u, 3u, 7u, 16u, 40u, 127u, 128u, 255u, 256u, 257u, 700u, 4095u, 4096u,
                         4097u, 16384u, 40000u}) {
    std::vector<std::string> inputs = {Noise(n, 1), Surprises(n, 0), Surprises(n, 1),
                                       Noise(n / 2, 2) + Words(n - n / 2, 2),
                                       Words(n / 2, 2) + Noise(n - n / 2, 2)};
    // About as long as what it is coded into: noise behind what saves just its tables.
    for (size_t easy = 1; easy < n && easy <= 2048; easy *= n > 5000 ? 16 : 4) {
      inputs.push_back(Words(easy, 3) + Noise(n - easy, 3));
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      for (const uint64_t block_bytes : {uint64_t{0}, uint64_t{256}, uint64_t{3000}}) {
        if ((block_bytes == 256 && n > 5000) || (block_bytes == 3000 && n < 4000)) continue;
        for (size_t m = 0; m < std::size(kModels) + 3; ++m) {
          EncodeOptions options = Options(kModels[m % std::size(kModels)], block_bytes);
          if (m >= std::size(kModels)) {  // steep tables: one, two of them, and STATIC of order 1
            options = {};
            options.block_bytes = block_bytes;
            options.model = m == std::size(kModels) + 2 ? Model::kStatic : Model::kTable;
            if (options.model == Model::kStatic) options.order = 1;
            if (options.model == Model::kTable) options.tables = {steep};
            if (m == std::size(kModels) + 1) options.tables.push_back(WholeTable(false));
          }
          const std::string index(options.tables.size() > 1 ? n : 0, '\0');
          options.table_index = AsBytes(index);
          SCOPED_TRACE(std::to_string(n) + " input " + std::to_string(i) + " model " +
                       std::to_string(m) + " blocks " + std::to_string(block_bytes));
          absl::StatusOr<std::string> coded;
          InFencedThread([&] { coded = Encode({}, {}, AsBytes(inputs[i]), options); });
          ASSERT_TRUE(coded.ok()) << coded.status();
          EXPECT_LE(coded->size(), StoredLength(*coded, inputs[i]));
          if (index.empty()) {
            const auto decoded = Decode({}, AsBytes(*coded));
            ASSERT_TRUE(decoded.ok()) << decoded.status();
            EXPECT_TRUE(AsString(decoded->data) == inputs[i]);
          }
        }
      }
    }
  }
}

// A message for ADAPTIVE of order 1, equal in all lanes: what a stripe of it costs is known as it
// is made. Lanes that stand in one context are all surprised before the model learns of any.
class Ambush {
 public:
  explicit Ambush(const AdaptiveParams& params) : params_(params) {}

  // First what is dear throughout, so that the bytes are used up; then models are taught to expect
  // 0 behind the bytes of which both nibbles are in [1, 3] and [1, 10]; the last stripe consists of
  // such bytes only.
  std::string Make() {
    const double stripe = static_cast<double>(size_t{1} << params_.segment_log2 << Log2Lanes());
    const double lesson_bytes = 3 * 10 * 2 * (3 * 18 + 25) * static_cast<double>(Lanes());
    while (bytes_cost_ < static_cast<double>(raw_.size()) + lesson_bytes + 2 * stripe) {
      PutDearest(4, 15, 0, 15);
    }
    for (uint32_t c = 0x11; c <= 0x3A; ++c) {
      if (c % 16 < 1 || c % 16 > 10) continue;
      for (uint32_t high = 1; high <= 3; ++high) PutTimes(18, c, high << 4);
      PutTimes(25, c, 0);
    }
    while (!segment_.empty()) Put(0);
    // Of the whole message as much may be spent as was spent up to here.
    const auto length = static_cast<size_t>(bytes_cost_) + 4 * Lanes() + 300;
    const size_t end = raw_.size() + static_cast<size_t>(stripe);
    while (raw_.size() < end) PutDearest(1, 3, 1, 10);
    EXPECT_GT(length, raw_.size());
    raw_.resize(length, 'x');
    return raw_;
  }

 private:
  struct Model {
    NibbleModel high = kUniformNibble;
    std::vector<NibbleModel> low = std::vector<NibbleModel>(16, kUniformNibble);
  };
  int Log2Lanes() const { return params_.lanes_log2; }
  size_t Lanes() const { return size_t{1} << params_.lanes_log2; }
  static double Bits(const NibbleModel& model, uint32_t s) {
    return 16 - std::log2(model.End(s) - model.Start(s));
  }
  void Put(uint32_t byte) {
    Model& model = models_[before_];
    NibbleModel& low = model.low[byte >> 4];
    bytes_cost_ +=
        (Bits(model.high, byte >> 4) + Bits(low, byte & 15)) / 8 * static_cast<double>(Lanes());
    const auto slowest = static_cast<uint32_t>(params_.slowest);
    for (size_t l = 0; l < Lanes(); ++l) {
      scalar::Update(model.high, byte >> 4, slowest);
      scalar::Update(low, byte & 15, slowest);
    }
    segment_.push_back(static_cast<char>(byte));
    before_ = byte;
    if (segment_.size() >> params_.segment_log2 == 0) return;
    for (size_t l = 0; l < Lanes(); ++l) raw_ += segment_;
    segment_.clear();
    before_ = 0;
  }
  void PutTimes(int times, uint32_t a, uint32_t b) {
    for (int i = 0; i < times; ++i) {
      Put(a);
      Put(b);
    }
  }
  void PutDearest(uint32_t high0, uint32_t high1, uint32_t low0, uint32_t low1) {
    const Model& model = models_[before_];
    uint32_t dearest = 0;
    double most = -1;
    for (uint32_t high = high0; high <= high1; ++high) {
      for (uint32_t low = low0; low <= low1; ++low) {
        const double bits = Bits(model.high, high) + Bits(model.low[high], low);
        if (bits <= most) continue;
        most = bits;
        dearest = high << 4 | low;
      }
    }
    Put(dearest);
  }

  const AdaptiveParams params_;
  std::vector<Model> models_ = std::vector<Model>(256);
  std::string segment_, raw_;
  uint32_t before_ = 0;
  double bytes_cost_ = 0;
};

// Two digits may leave with every byte between two looks at what was spent.
TEST(HostileBounds, ADearStripeFitsTheEncodersMemory) {
  const std::string raw = Ambush(DefaultAdaptive(600000, 1)).Make();
  ASSERT_LT(raw.size(), kDefaultBlockBytes);
  EncodeOptions options;
  options.model = Model::kAdaptive;
  options.order = 1;
  absl::StatusOr<std::string> coded;
  InFencedThread([&] { coded = Encode({}, {}, AsBytes(raw), options); });
  ASSERT_TRUE(coded.ok()) << coded.status();
  EXPECT_LE(coded->size(), StoredLength(*coded, raw));
  const auto decoded = Decode({}, AsBytes(*coded));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(AsString(decoded->data) == raw);
}

// The same where stripes are as long as they may be: noise suffices.
TEST(HostileBounds, LongStripesFitTheEncodersMemory) {
  AdaptiveParams params;
  params.lanes_log2 = format::kMaxLanesLog2;
  params.segment_log2 = format::kMaxSegmentLog2;
  params.slowest = format::kMaxSlowest;
  for (params.order = 0; params.order <= format::kMaxOrder; ++params.order) {
    for (const size_t more : {1u, 3000u, 30000u}) {
      const std::string raw =
          Noise((size_t{1} << format::kMaxLanesLog2 << format::kMaxSegmentLog2) + more, 1);
      absl::StatusOr<Payload> payload;
      InFencedThread([&] { payload = EncodeAdaptive(AsBytes(raw), params, DefaultLimits(), {}); });
      ASSERT_TRUE(payload.ok()) << payload.status();
      EXPECT_FALSE(payload->fits);
    }
  }
}

}  // namespace
}  // namespace trine::coding
