// Boxes between the tensors and dense buffers.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/base/polled.h"
#include "core/normalize/rows/power.h"
#include "core/normalize/rows/tile.h"
#include "core/normalize/rows/window_sum.h"

namespace trine::normalize {
namespace {

Box Whole(const Geometry& g) {
  return {{0, g.outer}, {{{0, g.axis[0]}, {0, g.axis[1]}, {0, g.axis[2]}}}, {0, g.inner}};
}

// Calls body(offset in `whole`, offset in `box`, elements) for the runs of `box` that are
// contiguous in a dense buffer of `whole`, in order; false as soon as body returns false.
template <typename Body>
bool ForRuns(const Box& whole, const Box& box, Body body) {
  const Range all[5] = {whole.outer, whole.axis[0], whole.axis[1], whole.axis[2], whole.inner};
  const Range part[5] = {box.outer, box.axis[0], box.axis[1], box.axis[2], box.inner};
  // The axes from `first` on make up one run: all but the first of them are whole.
  int first = 4;
  int64_t run = part[4].size();
  while (first > 0 && part[first] == all[first]) run *= part[--first].size();
  int64_t index[5] = {};
  for (int64_t done = 0;; done += run) {
    int64_t offset = 0;
    for (int i = 0; i < 5; ++i) {
      const int64_t at = part[i].begin - all[i].begin + (i < first ? index[i] : 0);
      offset = offset * all[i].size() + at;
    }
    if (!body(static_cast<size_t>(offset), static_cast<size_t>(done), static_cast<size_t>(run)))
      return false;
    int i = first - 1;
    while (i >= 0 && ++index[i] == part[i].size()) index[i--] = 0;
    if (i < 0) return true;
  }
}

}  // namespace

template <typename T>
absl::Status LoadBox(const Job<T>& job, const uint8_t* source, const Box& box, bool rectify,
                     T* out) {
  Poller poll(job.cancel, kPollElements);
  const bool done = ForRuns(Whole(job.geometry), box, [&](size_t from, size_t to, size_t run) {
    return ForParts(job.cancel, run,
                    [&](size_t begin, size_t end) {
                      job.load(source + (from + begin) * job.element_bytes, end - begin,
                               out + to + begin);
                      if (rectify) Rectify(out + to + begin, end - begin);
                    }) &&
           poll.Continue(run);
  });
  return done ? absl::OkStatus() : job.cancel.Check();
}

template <typename T>
absl::Status StoreBox(const Job<T>& job, const T* source, const Box& box) {
  Poller poll(job.cancel, kPollElements);
  const bool done = ForRuns(Whole(job.geometry), box, [&](size_t to, size_t from, size_t run) {
    return ForParts(job.cancel, run,
                    [&](size_t begin, size_t end) {
                      job.store(source + from + begin, end - begin,
                                job.out + (to + begin) * job.element_bytes);
                    }) &&
           poll.Continue(run);
  });
  return done ? absl::OkStatus() : job.cancel.Check();
}

template <typename T>
absl::Status Crop(const CancelToken& cancel, const Box& from, const T* source, const Box& box,
                  T* out) {
  Poller poll(cancel, kPollElements);
  const bool done = ForRuns(from, box, [&](size_t at, size_t to, size_t run) {
    return ForParts(cancel, run,
                    [&](size_t begin, size_t end) {
                      std::memcpy(out + to + begin, source + at + begin, (end - begin) * sizeof(T));
                    }) &&
           poll.Continue(run);
  });
  return done ? absl::OkStatus() : cancel.Check();
}

template <typename T>
bool Wanted<T>::Is(T standing) const {
  return job_.dy == nullptr ? std::isnan(standing) : !std::isfinite(standing);
}

template <typename T>
absl::Status Wanted<T>::Load(const Box& box, Scratch<T>& scratch) {
  if (!job_.mends) return absl::OkStatus();
  count_ = box.elements();
  standing_ = scratch.Get(Scratch<T>::kStanding, count_);
  if (standing_ == nullptr) return scratch.OutOfMemory();
  TRINE_RETURN_IF_ERROR(LoadBox(job_, job_.out, box, /*rectify=*/false, standing_));
  none_ = true;
  const bool done = ForParts(job_.cancel, count_, [&](size_t begin, size_t end) {
    none_ = none_ && std::none_of(standing_ + begin, standing_ + end, [&](T x) { return Is(x); });
  });
  return done ? absl::OkStatus() : job_.cancel.Check();
}

template <typename T>
absl::Status Wanted<T>::Keep(T* results) const {
  if (!job_.mends) return absl::OkStatus();
  const bool done = ForParts(job_.cancel, count_, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i)
      if (!Is(standing_[i])) results[i] = standing_[i];
  });
  return done ? absl::OkStatus() : job_.cancel.Check();
}

#define TRINE_INSTANTIATE(T)                                                             \
  template class Wanted<T>;                                                              \
  template absl::Status LoadBox<T>(const Job<T>&, const uint8_t*, const Box&, bool, T*); \
  template absl::Status StoreBox<T>(const Job<T>&, const T*, const Box&);                \
  template absl::Status Crop<T>(const CancelToken&, const Box&, const T*, const Box&, T*);
TRINE_INSTANTIATE(float)
TRINE_INSTANTIATE(double)
TRINE_INSTANTIATE(long double)
#undef TRINE_INSTANTIATE

}  // namespace trine::normalize
