#include "core/normalize/rows/window_sum.h"

#include <algorithm>
#include <cstring>

#include "core/base/error.h"
#include "core/normalize/kernels/row_kernels.h"

namespace trine::normalize {
namespace {

// Slices shorter than this are summed several at a time.
constexpr size_t kBatchElements = 4096;

template <typename T>
bool DoublingSum(const CancelToken& cancel, const T* q, size_t count, size_t stride, size_t n,
                 T* out, T* a, T* b) {
  const T* level = q;  // level[i] is the sum of `terms` terms from i on
  size_t length = count + (n - 1) * stride;
  size_t done = 0;  // terms that `sum` holds so far
  const T* sum = q;
  for (size_t terms = 1;; terms *= 2) {
    if ((n & terms) != 0) {
      const T* from = level + done * stride;
      // The first term is left where it is: q is not written. Other levels are, two levels on.
      if (terms > 1) {
        if (!ForParts(cancel, count, [&](size_t begin, size_t end) {
              if (done == 0)
                std::copy(from + begin, from + end, out + begin);
              else
                AddRows(sum + begin, from + begin, end - begin, out + begin);
            }))
          return false;
        sum = out;
      }
      done += terms;
    }
    if (done == n) return true;
    T* next = level == a ? b : a;
    length -= terms * stride;
    if (!ForParts(cancel, length, [&](size_t begin, size_t end) {
          AddRows(level + begin, level + begin + terms * stride, end - begin, next + begin);
        }))
      return false;
    level = next;
  }
}

// One axis of a box sum: `slices` slices of [source.size()][stride] to as many of
// [target.size()][stride].
struct Pass {
  size_t slices;
  size_t stride;
  Range source;
  Range target;
  int64_t lo;
  int64_t hi;

  size_t taps() const { return static_cast<size_t>(lo + hi + 1); }
  size_t source_elements() const { return static_cast<size_t>(source.size()) * stride; }
  size_t target_elements() const { return static_cast<size_t>(target.size()) * stride; }
  size_t padded_elements() const { return static_cast<size_t>(target.size() + lo + hi) * stride; }
};

// Copies `slices` slices, each with zeros around it where the window leaves `pass.source`. False if
// it was told to stop.
template <typename T>
bool Pad(const CancelToken& cancel, const Pass& pass, const T* q, size_t slices, T* out) {
  const int64_t first = pass.target.begin - pass.lo;
  const Range kept{std::max(first, pass.source.begin),
                   std::min(pass.target.end + pass.hi, pass.source.end)};
  const size_t before = static_cast<size_t>(kept.begin - first) * pass.stride;
  const size_t middle = static_cast<size_t>(kept.size()) * pass.stride;
  const size_t after = pass.padded_elements() - before - middle;
  q += static_cast<size_t>(kept.begin - pass.source.begin) * pass.stride;
  for (size_t s = 0; s < slices; ++s) {
    T* const centre = out + before;
    const auto zero_before = [&](size_t begin, size_t end) {
      std::fill(out + begin, out + end, T{0});
    };
    const auto copy = [&](size_t begin, size_t end) {
      std::copy(q + begin, q + end, centre + begin);
    };
    const auto zero_after = [&](size_t begin, size_t end) {
      std::fill(centre + middle + begin, centre + middle + end, T{0});
    };
    if (!ForParts(cancel, before, zero_before) || !ForParts(cancel, middle, copy) ||
        !ForParts(cancel, after, zero_after))
      return false;
    q += pass.source_elements();
    out += pass.padded_elements();
  }
  return true;
}

template <typename T>
absl::Status RunPass(const CancelToken& cancel, const Pass& pass, const T* q, T* out,
                     Scratch<T>& scratch) {
  const size_t padded_elements = pass.padded_elements();
  const size_t batch = std::clamp<size_t>(kBatchElements / padded_elements, 1, pass.slices);
  T* padded = scratch.Get(Scratch<T>::kPadded, batch * padded_elements);
  T* sums = batch == 1 ? nullptr : scratch.Get(Scratch<T>::kSums, batch * padded_elements);
  if (padded == nullptr || (batch > 1 && sums == nullptr)) return scratch.OutOfMemory();
  T* a = nullptr;
  T* b = nullptr;
  if (pass.taps() > kMaxDirectTaps) {
    a = scratch.Get(Scratch<T>::kLevelA, batch * padded_elements);
    b = scratch.Get(Scratch<T>::kLevelB, batch * padded_elements);
    if (a == nullptr || b == nullptr) return scratch.OutOfMemory();
  }
  for (size_t s = 0; s < pass.slices; s += batch) {
    const size_t now = std::min(batch, pass.slices - s);
    if (!Pad(cancel, pass, q, now, padded)) return cancel.Check();
    // Sums that begin in one slice and end in the next are computed as well and never read.
    const size_t count = (now - 1) * padded_elements + pass.target_elements();
    T* target = now == 1 ? out : sums;
    if (!SlidingSum(cancel, padded, count, pass.stride, pass.taps(), target, a, b) ||
        cancel.ShouldStop())
      return cancel.Check();
    if (now > 1)
      for (size_t i = 0; i < now; ++i)
        std::memcpy(out + i * pass.target_elements(), sums + i * padded_elements,
                    pass.target_elements() * sizeof(T));
    q += now * pass.source_elements();
    out += now * pass.target_elements();
  }
  return absl::OkStatus();
}

}  // namespace

template <typename T>
bool SlidingSum(const CancelToken& cancel, const T* q, size_t count, size_t stride, size_t n,
                T* out, T* a, T* b) {
  if (n > kMaxDirectTaps) return DoublingSum(cancel, q, count, stride, n, out, a, b);
  return ForParts(cancel, count, [&](size_t begin, size_t end) {
    SumTaps(q + begin, end - begin, stride, n, out + begin);
  });
}

template <typename T>
absl::Status BoxSum(const CancelToken& cancel, const Window& window, const Box& reach,
                    const Box& box, Scratch<T>& scratch, typename Scratch<T>::Slot& slot) {
  Box current = reach;  // what `slot` covers
  for (size_t axis = 3; axis-- > 0;) {
    if (window.lo[axis] + window.hi[axis] == 0 && current.axis[axis] == box.axis[axis]) continue;
    Box next = current;
    next.axis[axis] = box.axis[axis];
    Pass pass{.slices = static_cast<size_t>(current.outer.size()),
              .stride = static_cast<size_t>(current.inner.size()),
              .source = current.axis[axis],
              .target = box.axis[axis],
              .lo = window.lo[axis],
              .hi = window.hi[axis]};
    for (size_t i = 0; i < axis; ++i) pass.slices *= static_cast<size_t>(current.axis[i].size());
    for (size_t i = axis + 1; i < 3; ++i)
      pass.stride *= static_cast<size_t>(current.axis[i].size());
    const auto target = slot == Scratch<T>::kPing ? Scratch<T>::kPong : Scratch<T>::kPing;
    const T* q = scratch.Get(slot, current.elements());
    T* out = scratch.Get(target, next.elements());
    if (q == nullptr || out == nullptr) return scratch.OutOfMemory();
    TRINE_RETURN_IF_ERROR(RunPass(cancel, pass, q, out, scratch));
    current = next;
    slot = target;
  }
  return absl::OkStatus();
}

template bool SlidingSum<float>(const CancelToken&, const float*, size_t, size_t, size_t, float*,
                                float*, float*);
template bool SlidingSum<double>(const CancelToken&, const double*, size_t, size_t, size_t, double*,
                                 double*, double*);
template bool SlidingSum<long double>(const CancelToken&, const long double*, size_t, size_t,
                                      size_t, long double*, long double*, long double*);
template absl::Status BoxSum<float>(const CancelToken&, const Window&, const Box&, const Box&,
                                    Scratch<float>&, Scratch<float>::Slot&);
template absl::Status BoxSum<double>(const CancelToken&, const Window&, const Box&, const Box&,
                                     Scratch<double>&, Scratch<double>::Slot&);
template absl::Status BoxSum<long double>(const CancelToken&, const Window&, const Box&, const Box&,
                                          Scratch<long double>&, Scratch<long double>::Slot&);

}  // namespace trine::normalize
