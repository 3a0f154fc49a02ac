#include "tests/bench/coding/coding_measure.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace trine::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPairs = 9;

double seconds_each = 0.03;
std::string wanted_text;

double SecondsOf(const Contender& contender, int times) {
  Clock::duration taken{};
  for (int i = 0; i < times; ++i) {
    if (contender.prepare) contender.prepare();
    const auto begin = Clock::now();
    contender.work();
    taken += Clock::now() - begin;
  }
  return std::chrono::duration<double>(taken).count() / times;
}

// Mean speed [MB/s], after a call that wakes the threads and fills the caches. A call longer than a
// measurement is one.
double Speed(const Contender& contender) {
  double seconds = SecondsOf(contender, 1);
  if (seconds < seconds_each)
    seconds = SecondsOf(contender, std::max(1, static_cast<int>(seconds_each / seconds)));
  return static_cast<double>(contender.raw_bytes) / 1e6 / seconds;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

void PrintStart(const Row& row, const char* unit) {
  std::printf("{\"name\": \"%s\", \"case\": \"%s\", \"threads\": %d, \"unit\": \"%s\", ",
              row.name.c_str(), row.what.c_str(), row.threads, unit);
}

void PrintSpeeds(const Row& row, double ours, const std::string& peer, double peer_value,
                 const std::vector<double>& ratios) {
  PrintStart(row, "MB/s");
  std::printf(
      "\"ours\": %.4g, \"peer\": \"%s\", \"peer_value\": %.4g, \"ratio\": %.3f, "
      "\"ratio_min\": %.3f, \"ratio_max\": %.3f}\n",
      ours, peer.c_str(), peer_value, Median(ratios),
      *std::min_element(ratios.begin(), ratios.end()),
      *std::max_element(ratios.begin(), ratios.end()));
  std::fflush(stdout);
}

}  // namespace

void Die(const std::string& what) {
  std::fprintf(stderr, "coding_bench: %s\n", what.c_str());
  std::exit(1);
}

void SetMeasuring(double seconds, std::string_view wanted) {
  seconds_each = seconds;
  wanted_text = wanted;
}

bool IsWanted(std::string_view row_name) {
  return row_name.find(wanted_text) != std::string_view::npos;
}

void CompareSpeeds(const Row& row, const Contender& ours, const std::vector<Contender>& peers) {
  std::vector<double> our_speeds;
  std::vector<std::vector<double>> speeds(peers.size()), ratios(peers.size());
  for (int pair = -1; pair < kPairs; ++pair) {
    const double our_speed = Speed(ours);
    if (pair >= 0) our_speeds.push_back(our_speed);
    for (size_t i = 0; i < peers.size(); ++i) {
      const double speed = Speed(peers[i]);
      if (pair < 0) continue;  // the warm-up
      speeds[i].push_back(speed);
      ratios[i].push_back(our_speed / speed);
    }
  }
  const double median = Median(our_speeds);
  if (peers.empty()) PrintSpeeds(row, median, "none", median, {1});
  for (size_t i = 0; i < peers.size(); ++i)
    PrintSpeeds(row, median, peers[i].name, Median(speeds[i]), ratios[i]);
}

void PrintSizes(const Row& row, uint64_t ours, const std::string& peer, uint64_t peer_bytes,
                const std::string& note) {
  const double ratio = ours == 0 ? 1 : static_cast<double>(peer_bytes) / static_cast<double>(ours);
  PrintStart(row, "bytes");
  std::printf(
      "\"ours\": %llu, \"peer\": \"%s\", \"peer_value\": %llu, \"ratio\": %.4f, "
      "\"ratio_min\": %.4f, \"ratio_max\": %.4f, \"note\": \"%s\"}\n",
      static_cast<unsigned long long>(ours), peer.c_str(),
      static_cast<unsigned long long>(peer_bytes), ratio, ratio, ratio, note.c_str());
  std::fflush(stdout);
}

}  // namespace trine::bench
