// The rows static.*, adaptive.*, table.* and cli.*: our coding against htscodecs' and against
// itself.
//
// Speeds count raw bytes. Both sides code independent blocks of 1 MiB; ours come with container,
// index and checksums, the peer's are bare. Every round trip is checked before it is timed.
//   X.encode, X.decode   on each input with one thread. Peers: htscodecs' adaptive arithmetic coder
//                        (htscodecs-arith) and its rANS with 4 and 32 lanes, of the same order;
//                        for table STATIC of order 0. Goal there: 0.7
//     on 64MiB           two threads against one. Goal: near 2
//     on all/TARGET      with one instruction set alone
//   X.size               exact. `static`: the payload without tables and container, against the
//                        empirical entropy of order 0 of each block. Goal: 0.998. The others: the
//                        whole stream against the peer's blocks
//   cli.encode/.decode   the program on a long file, embedded server included, against our kernel
//   on
//                        one thread. Goal: 0.7
// Usage: coding_bench [SECONDS [TEXT [TRINE FOLDER [BYTES]]]]: a measurement lasts a tenth of
// SECONDS, which is many calls of the short inputs; with TEXT only the rows whose names contain it;
// the rows cli.* need the program TRINE and a FOLDER on disk for files of BYTES (1 GiB). One JSON
// object a line on stdout. TRINE_BENCH_DATA names the folder with files to code.
#include <htscodecs/rANS_static4x16.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/coding/coding.h"
#include "core/runtime/thread_pool.h"
#include "tests/bench/coding/coding_cases.h"
#include "tests/bench/coding/coding_cli.h"
#include "tests/bench/coding/coding_codecs.h"
#include "tests/bench/coding/coding_measure.h"
#include "tests/bench/coding/coding_targets.h"

namespace trine::bench {
namespace {

constexpr int kThreads = 2;
constexpr size_t kThreadsBytes = size_t{64} << 20;
constexpr uint64_t kCliBytes = uint64_t{1} << 30;

struct PeerSpec {
  const char* name;
  HtsCodec::Kind kind;
  int order;
};

struct Family {
  std::string name;
  coding::Model model;
  std::optional<int> order = {};
  std::vector<PeerSpec> peers = {};
  std::string size_peer = {};  // that X.size compares with: one of `peers` or h0; empty: no row
  bool may_be_missing = false;
};

constexpr auto kArith = HtsCodec::Kind::kArith;
constexpr auto kRans = HtsCodec::Kind::kRans;

std::vector<Family> Families() {
  using coding::Model;
  return {{.name = "static",
           .model = Model::kStatic,
           .peers = {{"htscodecs-arith", kArith, 0},
                     {"rans4x16", kRans, 0},
                     {"rans32x16", kRans, RANS_ORDER_X32}},
           .size_peer = "h0"},
          {.name = "static.order1",
           .model = Model::kStatic,
           .order = 1,
           .peers = {{"rans4x16", kRans, 1},
                     {"rans32x16", kRans, 1 | RANS_ORDER_X32},
                     {"htscodecs-arith", kArith, 1}},
           .size_peer = "rans4x16",
           .may_be_missing = true},
          {.name = "adaptive.o0",
           .model = Model::kAdaptive,
           .order = 0,
           .peers = {{"htscodecs-arith", kArith, 0}},
           .size_peer = "htscodecs-arith"},
          {.name = "adaptive.o1",
           .model = Model::kAdaptive,
           .order = 1,
           .peers = {{"htscodecs-arith", kArith, 1}},
           .size_peer = "htscodecs-arith"},
          {.name = "adaptive.o2", .model = Model::kAdaptive, .order = 2},
          {.name = "table", .model = Model::kTable}};
}

std::array<uint64_t, 256> Histogram(ByteView raw) {
  std::array<uint64_t, 256> counts{};
  for (const uint8_t byte : raw) ++counts[byte];
  return counts;
}

// Empirical entropy of order 0 of each block, in bytes, summed and rounded up.
uint64_t EntropyBytes(ByteView raw) {
  double bits = 0;
  for (size_t begin = 0; begin < raw.size(); begin += kBlockBytes) {
    const ByteView block = raw.subspan(begin, kBlockBytes);
    const auto n = static_cast<double>(block.size());
    for (const uint64_t count : Histogram(block))
      if (count != 0)
        bits += static_cast<double>(count) * std::log2(n / static_cast<double>(count));
  }
  return static_cast<uint64_t>(std::ceil(bits / 8));
}

coding::EncodeOptions Options(const Family& family, ByteView raw) {
  coding::EncodeOptions options{
      .model = family.model, .order = family.order, .block_bytes = kBlockBytes};
  if (family.model != coding::Model::kTable) return options;
  coding::ProbabilityTable& table = options.table.emplace();
  table.kind = coding::SymbolKind::kBytes;
  const auto counts = Histogram(raw);
  for (size_t byte = 0; byte < counts.size(); ++byte) {
    if (counts[byte] == 0) continue;
    table.integers.push_back(byte);
    table.counts.push_back(counts[byte] + 1);
  }
  return options;
}

void CheckRoundTrip(const std::string& what, Codec* codec, ByteView raw) {
  codec->Encode();
  codec->Decode();
  if (codec->decoded() != raw) Die(what + ": the round trip changed the bytes");
}

// Null, with a word on stderr, where core does not offer the family.
std::unique_ptr<OurCodec> OurChecked(const Context& context, const Family& family,
                                     const std::string& input, ByteView raw) {
  const std::string what = family.name + " on " + input;
  auto codec = OurCodec::Create(context, Options(family, raw), raw);
  if (!codec.ok()) {
    const std::string error = what + ": " + std::string(codec.status().message());
    if (!family.may_be_missing || !absl::IsInvalidArgument(codec.status())) Die(error);
    std::fprintf(stderr, "coding_bench: not offered: %s\n", error.c_str());
    return nullptr;
  }
  CheckRoundTrip(what, codec->get(), raw);
  return *std::move(codec);
}

Contender Encoding(const std::string& name, Codec* codec, ByteView raw) {
  return {name, raw.size(), [codec] { codec->Encode(); }};
}
Contender Decoding(const std::string& name, Codec* codec, ByteView raw) {
  return {name, raw.size(), [codec] { codec->Decode(); }};
}

// A peer with its name.
using Named = std::pair<std::string, Codec*>;

// The rows X.encode and X.decode of one case.
void RunSpeeds(const Family& family, const std::string& what, int threads, ByteView raw,
               Codec* ours, const std::vector<Named>& peers) {
  const auto compare = [&](const char* direction, auto contender) {
    const std::string name = family.name + direction;
    if (!IsWanted(name)) return;
    std::vector<Contender> theirs;
    for (const auto& [peer, codec] : peers) theirs.push_back(contender(peer, codec, raw));
    CompareSpeeds({name, what, threads}, contender("trine", ours, raw), theirs);
  };
  compare(".encode", Encoding);
  compare(".decode", Decoding);
}

void RunSize(const Family& family, const std::string& what, ByteView raw, const OurCodec& ours,
             const std::vector<Named>& peers) {
  const Row row{family.name + ".size", what};
  const coding::EncodeStats& stats = ours.stats();
  const std::string rest = "side " + std::to_string(stats.side_bits / 8) + ", container " +
                           std::to_string(stats.container_bits / 8);
  if (family.size_peer == "h0")
    PrintSizes(row, stats.model_bits / 8, "h0", EntropyBytes(raw), "without " + rest);
  for (const auto& [name, codec] : peers)
    if (name == family.size_peer)
      PrintSizes(row, ours.coded_bytes(), name, codec->coded_bytes(), "with " + rest);
}

bool WantsSpeeds(const Family& family) {
  return IsWanted(family.name + ".encode") || IsWanted(family.name + ".decode");
}

void RunInput(const Family& family, const Input& input) {
  const bool wants_size = !family.size_peer.empty() && IsWanted(family.name + ".size");
  if (!WantsSpeeds(family) && !wants_size) return;
  const auto ours = OurChecked({}, family, input.name, input.raw);
  if (ours == nullptr) return;
  std::vector<std::unique_ptr<Codec>> codecs;
  std::vector<Named> peers;
  const auto add = [&](const char* name, std::unique_ptr<Codec> codec) {
    CheckRoundTrip(std::string(name) + " on " + input.name, codec.get(), input.raw);
    peers.emplace_back(name, codec.get());
    codecs.push_back(std::move(codec));
  };
  for (const PeerSpec& peer : family.peers)
    add(peer.name, std::make_unique<HtsCodec>(peer.kind, peer.order, input.raw));
  if (family.model == coding::Model::kTable)
    add("static", OurChecked({}, Families().front(), input.name, input.raw));
  RunSpeeds(family, input.name, 1, input.raw, ours.get(), peers);
  if (wants_size) RunSize(family, input.name, input.raw, *ours, peers);
}

// Coded bytes depend on the input and the options only.
void CheckSameStream(const std::string& what, const OurCodec& a, const OurCodec& b) {
  if (a.coded() != b.coded()) Die(what + ": other coded bytes than usual");
}

// STATIC with one instruction set alone.
void RunTargets(const Input& input) {
  const Family family = Families().front();
  if (!WantsSpeeds(family)) return;
  HtsCodec peer(kArith, 0, input.raw);
  CheckRoundTrip("htscodecs-arith", &peer, input.raw);
  const auto usual = OurChecked({}, family, input.name, input.raw);
  for (const std::string& target : ForcibleTargets()) {
    ForceTarget(target);
    const std::string what = input.name + "/" + target;
    const auto ours = OurChecked({}, family, what, input.raw);
    CheckSameStream(what, *ours, *usual);
    RunSpeeds(family, what, 1, input.raw, ours.get(), {{"htscodecs-arith", &peer}});
  }
  ForceTarget("");
}

void RunThreads(const Family& family, ByteView raw) {
  if (family.order == 2 || !WantsSpeeds(family)) return;
  ThreadPool pool(kThreads);
  Context context;
  context.pool = &pool;
  const std::string what = "64MiB";
  const auto ours = OurChecked(context, family, what, raw);
  if (ours == nullptr) return;
  const auto alone = OurChecked({}, family, what, raw);
  CheckSameStream(what, *ours, *alone);
  RunSpeeds(family, what, kThreads, raw, ours.get(), {{"one-thread", alone.get()}});
}

void RunKernels(const std::vector<Input>& inputs) {
  for (const Family& family : Families())
    for (const Input& input : inputs) RunInput(family, input);
  RunTargets(inputs.back());
  const std::vector<uint8_t> long_raw = Repeated(inputs.back().raw, kThreadsBytes);
  for (const Family& family : Families()) RunThreads(family, long_raw);
}

}  // namespace
}  // namespace trine::bench

int main(int argc, char** argv) {
  using namespace trine::bench;
  // The peers' buffers are used again and again: ours come from memory that is there too, not from
  // pages that the system has to clear first.
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  SetMeasuring(argc > 1 ? std::atof(argv[1]) / 10 : 0.03, argc > 2 ? argv[2] : "");
  const char* const data = std::getenv("TRINE_BENCH_DATA");
  const std::vector<Input> inputs = CodingInputs(data != nullptr ? data : "");
  RunKernels(inputs);
  if (argc > 4)
    RunCli(argv[3], argv[4], argc > 5 ? std::strtoull(argv[5], nullptr, 10) : kCliBytes,
           inputs.back());
}
