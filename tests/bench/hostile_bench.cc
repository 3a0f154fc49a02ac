// Rows of streams that are made to cost time: recover.crafted, where every few bytes look like a
// header of 1 MiB, and recover.crafted.heads, where they look like a block's head, against random
// bytes (the goal: twice as long at most); inspect.blocks, the most blocks that are listed at a
// time (the goal: 500 ms). The ratio is the goal over the figure. One JSON object a line on stdout.
// With an argument only the rows whose names contain it.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/coding/coding.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/index.h"
#include "core/coding/stream/recover.h"

namespace trine::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kRounds = 5;
constexpr size_t kBytes = size_t{64} << 20;
constexpr double kGoalMs = 500;
constexpr double kGoalTimes = 2;

std::string_view wanted;  // part of the names of the rows to measure

template <class Work>
double Ms(Work work) {
  const auto begin = Clock::now();
  if (const absl::Status status = work(); !status.ok()) {
    std::fprintf(stderr, "hostile_bench: %s\n", status.ToString().c_str());
    std::exit(1);
  }
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// `figures`: one a round.
void Print(const char* name, const char* text, const char* unit,
           std::array<double, kRounds> figures, double goal) {
  std::sort(figures.begin(), figures.end());
  const double middle = figures[kRounds / 2];
  std::printf(
      "{\"name\": \"%s\", \"case\": \"%s\", \"threads\": 1, \"unit\": \"%s\", \"ours\": %.3g, "
      "\"peer\": \"none\", \"peer_value\": %g, \"ratio\": %.3f, \"ratio_min\": %.3f, "
      "\"ratio_max\": %.3f}\n",
      name, text, unit, middle, goal, goal / middle, goal / figures.back(), goal / figures.front());
  std::fflush(stdout);
}

bool IsWanted(const char* name) { return std::string_view(name).find(wanted) != std::string::npos; }

absl::Status Recover(const std::string& coded) {
  const auto recoverer = coding::StreamRecoverer::Create({}, {});
  TRINE_RETURN_IF_ERROR(recoverer->Write(coding::ViewOf(coded)));
  TRINE_RETURN_IF_ERROR(recoverer->Finish());
  LongArray<uint8_t> raw;
  while (true) {
    TRINE_ASSIGN_OR_RETURN(const bool more, recoverer->Next(&raw));
    if (!more) return absl::OkStatus();
  }
}

// `unit` over and over after `begin`.
std::string Repeated(const std::string& begin, const std::string& unit) {
  std::string out = begin;
  out.reserve(kBytes + unit.size());
  while (out.size() < kBytes) out += unit;
  return out;
}

void AgainstNoise(const char* name, const char* text, const std::string& begin,
                  const std::string& unit) {
  if (!IsWanted(name)) return;
  std::mt19937_64 random(1);
  std::string noise = begin;
  while (noise.size() < kBytes) noise.push_back(static_cast<char>(random()));
  const std::string crafted = Repeated(begin, unit);
  std::array<double, kRounds> times;
  for (double& t : times) {
    const double of_noise = Ms([&] { return Recover(noise); });
    t = Ms([&] { return Recover(crafted); }) / of_noise;
  }
  Print(name, text, "times", times, kGoalTimes);
}

// A stream's header and a block of 4096 bytes, after which heads of others are searched for.
std::string OneBlock() {
  coding::Header header;
  header.model = static_cast<uint8_t>(coding::Model::kStatic);
  header.block_bytes = 4096;
  std::string out;
  coding::AppendHeader(header, &out);
  coding::BlockHead head;
  head.mode = coding::format::Mode::kConstant;
  head.raw_bytes = header.block_bytes;
  head.coded_bytes = head.side_bytes = 1;
  head.checksum = coding::Checksum(coding::ViewOf(std::string(head.raw_bytes, 'c')));
  coding::AppendBlockHead(head, false, &out);
  return out + 'c';
}

void Crafted() {
  std::string header(coding::format::kMagic.begin(), coding::format::kMagic.end());
  header += std::string("\x01\x00\x00", 3);  // version and flags
  coding::AppendVarint(coding::format::kMaxHeaderFields, &header);
  AgainstNoise("recover.crafted", "64 MiB that look like headers, of the time of random bytes", "",
               header);
  // Mode, model, variant, raw, coded and side length.
  AgainstNoise("recover.crafted.heads", "64 MiB that look like blocks, of the time of random bytes",
               OneBlock(), std::string("\x03\x02\x00\x03\x02\x01", 6));
}

// As many blocks as are listed at a time, of a byte each.
std::string ManyBlocks() {
  coding::Header header;
  header.model = static_cast<uint8_t>(coding::Model::kStatic);
  header.block_bytes = 256;
  std::string out;
  coding::AppendHeader(header, &out);
  coding::BlockHead head;
  head.mode = coding::format::Mode::kConstant;
  head.raw_bytes = head.coded_bytes = head.side_bytes = 1;
  head.checksum = coding::Checksum(coding::ViewOf("c"));
  std::vector<coding::IndexEntry> index;
  for (; head.raw_offset < coding::format::kMaxListedBlocks; ++head.raw_offset) {
    coding::AppendBlockHead(head, false, &out);
    out.push_back('c');
    index.push_back(coding::EntryOf(head));
  }
  coding::BlockHead end;
  end.mode = coding::format::Mode::kEnd;
  end.raw_offset = end.block_count = index.size();
  std::string mark;
  coding::AppendBlockHead(end, false, &mark);
  out += mark;
  coding::AppendIndex(index, coding::ViewOf(mark), &out);
  return out;
}

void Blocks() {
  if (!IsWanted("inspect.blocks")) return;
  const std::string coded = ManyBlocks();
  std::array<double, kRounds> times;
  for (double& t : times) {
    t = Ms([&] { return coding::Inspect({}, coding::ViewOf(coded), 1000).status(); });
  }
  Print("inspect.blocks", "2^21 blocks of a byte", "ms", times, kGoalMs);
}

}  // namespace
}  // namespace trine::bench

int main(int argc, char** argv) {
  if (argc > 1) trine::bench::wanted = argv[1];
  trine::bench::Crafted();
  trine::bench::Blocks();
  return 0;
}
