// The first of many candidates with the largest criterion, where the criterion needs logarithms.
//
// Each is offered with an approximation in double. Those that its error leaves in the running are
// computed to about 100 bits, and what these do not tell apart is equal: the answer does not depend
// on how good the approximations are.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "core/segment/double_double.h"

namespace trine::segment {

template <typename Candidate>
class Contest {
 public:
  // `error`: more than an approximation is ever wrong by.
  explicit Contest(double error) : margin_(2 * error) {}

  void Offer(double approximation, Candidate candidate) {
    if (approximation < best_ - margin_) return;
    if (approximation > best_ + margin_) running_.clear();
    best_ = std::max(best_, approximation);
    running_.push_back({approximation, std::move(candidate)});
  }

  // Of one candidate or more, computed by criterion(candidate); empty where none was offered. The
  // criteria are of the order of 1.
  template <typename Criterion>
  std::optional<Candidate> Winner(const Criterion& criterion) const {
    const Running* first = nullptr;
    std::optional<DoubleDouble> largest;
    for (const Running& here : running_) {
      if (here.approximation < best_ - margin_) continue;
      if (first == nullptr) {
        first = &here;
        continue;
      }
      if (!largest) largest = criterion(first->candidate);
      const DoubleDouble value = criterion(here.candidate);
      if (!((value - *largest).value() > kEqual)) continue;
      first = &here;
      largest = value;
    }
    if (first == nullptr) return std::nullopt;
    return first->candidate;
  }

 private:
  struct Running {
    double approximation;
    Candidate candidate;
  };
  static constexpr double kEqual = 0x1p-80;

  double margin_;
  double best_ = -std::numeric_limits<double>::infinity();
  std::vector<Running> running_;
};

}  // namespace trine::segment
