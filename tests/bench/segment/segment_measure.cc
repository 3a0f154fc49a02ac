#include "tests/bench/segment/segment_measure.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace trine::bench {
namespace {

constexpr int kPairs = 9;
// Where one call takes longer than kSlowSeconds.
constexpr int kSlowPairs = 3;
constexpr double kSlowSeconds = 0.5;

double seconds_each = 0.03;
std::string wanted_text;

// Mean time of one call, after one that wakes the threads and fills the caches. A call longer than
// a measurement is one.
double Measure(const Contender& contender) {
  const double first = contender.seconds();
  if (first > seconds_each) return first;
  const int times = std::max(1, static_cast<int>(seconds_each / first));
  double taken = 0;
  for (int i = 0; i < times; ++i) taken += contender.seconds();
  return taken / times;
}

double Now(Clock clock) {
  timespec now;
  clock_gettime(clock == Clock::kThisThread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

struct Series {
  std::vector<double> times;
  std::vector<double> ratios;
};

void Print(const Row& row, double ours, const Contender& peer, const Series& series) {
  std::printf(
      "{\"name\": \"%s\", \"case\": \"%s\", \"threads\": %d, \"unit\": \"ms\", \"ours\": %.4g, "
      "\"peer\": \"%s\", \"peer_value\": %.4g, \"ratio\": %.3f, \"ratio_min\": %.3f, "
      "\"ratio_max\": %.3f, \"note\": \"%s\"}\n",
      row.name.c_str(), row.what.c_str(), row.threads, ours * 1e3, peer.name.c_str(),
      Median(series.times) * 1e3, Median(series.ratios),
      *std::min_element(series.ratios.begin(), series.ratios.end()),
      *std::max_element(series.ratios.begin(), series.ratios.end()), peer.note.c_str());
  std::fflush(stdout);
}

}  // namespace

void Die(const std::string& what) {
  std::fprintf(stderr, "segment_bench: %s\n", what.c_str());
  std::exit(1);
}

std::function<double()> Timed(Clock clock, std::function<void()> work) {
  return [clock, work = std::move(work)] {
    const double begin = Now(clock);
    work();
    return Now(clock) - begin;
  };
}

void SetMeasuring(double seconds, std::string_view wanted) {
  seconds_each = seconds;
  wanted_text = wanted;
}

bool IsWanted(std::string_view row_name) {
  return row_name.find(wanted_text) != std::string_view::npos;
}

void CompareTimes(const Row& row, const Contender& ours, const std::vector<Contender>& peers) {
  std::vector<double> our_times;
  std::vector<Series> series(peers.size());
  int pairs = kPairs;
  for (int pair = 0; pair < pairs; ++pair) {
    our_times.push_back(Measure(ours));
    for (size_t i = 0; i < peers.size(); ++i) {
      const double seconds = Measure(peers[i]);
      if (seconds > kSlowSeconds) pairs = kSlowPairs;
      series[i].times.push_back(seconds);
      series[i].ratios.push_back(seconds / our_times.back());
    }
  }
  const double median = Median(our_times);
  if (peers.empty()) Print(row, median, {.name = "none"}, {our_times, {1}});
  for (size_t i = 0; i < peers.size(); ++i) Print(row, median, peers[i], series[i]);
}

}  // namespace trine::bench
