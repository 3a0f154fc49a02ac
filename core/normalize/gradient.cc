// dx_j = dy_j s_j^-beta - 2 a beta x_j * sum over c with j in W(c) of dy_c y_c / s_c, tile by tile
// (Caffe lrn_layer.cpp, CrossChannelBackward). Three nested boxes: dx is wanted on `box`; the terms
// of the sum on `middle`, all c whose window reaches the box; x on `reach`, the windows of those c.
#include "core/base/error.h"
#include "core/normalize/rows/power.h"
#include "core/normalize/rows/tile.h"
#include "core/normalize/rows/window_sum.h"

namespace trine::normalize {
namespace {

// Makes `source`, which covers `from`, cover `box` only: in `slot`, where the two differ.
template <typename T>
absl::Status CropInto(const CancelToken& cancel, Scratch<T>& scratch,
                      typename Scratch<T>::Slot slot, const Box& from, const Box& box,
                      const T*& source) {
  if (from == box) return absl::OkStatus();
  T* out = scratch.Get(slot, box.elements());
  if (out == nullptr) return scratch.OutOfMemory();
  TRINE_RETURN_IF_ERROR(Crop(cancel, from, source, box, out));
  source = out;
  return absl::OkStatus();
}

}  // namespace

template <typename T>
absl::Status GradientTile(const Job<T>& job, const Box& box, Scratch<T>& scratch) {
  using S = Scratch<T>;
  Wanted<T> wanted(job);
  TRINE_RETURN_IF_ERROR(wanted.Load(box, scratch));
  if (wanted.none()) return absl::OkStatus();
  const Window& window = job.geometry.window;
  const Window adjoint = window.Adjoint();
  const Box middle = job.geometry.Expand(box, adjoint);
  const Box reach = job.geometry.Expand(middle, window);
  T* x = scratch.Get(S::kX, reach.elements());
  T* q = scratch.Get(S::kPing, reach.elements());
  T* dy = scratch.Get(S::kGradient, middle.elements());
  T* passed = scratch.Get(S::kPassed, middle.elements());
  T* dx = scratch.Get(S::kCore, box.elements());
  for (const T* buffer : {x, q, dy, passed, dx})
    if (buffer == nullptr) return S::OutOfMemory();
  TRINE_RETURN_IF_ERROR(LoadBox(job, job.x, reach, job.arithmetic.rectify, x));
  TRINE_RETURN_IF_ERROR(LoadBox(job, job.dy, middle, /*rectify=*/false, dy));
  if (!ForParts(job.cancel, reach.elements(),
                [&](size_t begin, size_t end) { Square(x + begin, end - begin, q + begin); }))
    return job.cancel.Check();

  typename S::Slot slot = S::kPing;
  TRINE_RETURN_IF_ERROR(BoxSum(job.cancel, window, reach, middle, scratch, slot));
  const T* x_part = x;
  TRINE_RETURN_IF_ERROR(CropInto(job.cancel, scratch, S::kMiddleX, reach, middle, x_part));
  T* term = scratch.Get(slot, middle.elements());
  if (!ForParts(job.cancel, middle.elements(), [&](size_t begin, size_t end) {
        GradientTerm(job.arithmetic, x_part + begin, dy + begin, end - begin, term + begin,
                     passed + begin);
      }))
    return job.cancel.Check();

  TRINE_RETURN_IF_ERROR(BoxSum(job.cancel, adjoint, middle, box, scratch, slot));
  const T* sum = scratch.Get(slot, box.elements());
  const T* passed_part = passed;
  TRINE_RETURN_IF_ERROR(CropInto(job.cancel, scratch, S::kBoxX, middle, box, x_part));
  TRINE_RETURN_IF_ERROR(CropInto(job.cancel, scratch, S::kBoxPassed, middle, box, passed_part));
  if (!ForParts(job.cancel, box.elements(), [&](size_t begin, size_t end) {
        GradientCombine(job.arithmetic, x_part + begin, passed_part + begin, sum + begin,
                        end - begin, dx + begin);
      }))
    return job.cancel.Check();
  TRINE_RETURN_IF_ERROR(wanted.Keep(dx));
  return StoreBox(job, dx, box);
}

template absl::Status GradientTile<float>(const Job<float>&, const Box&, Scratch<float>&);
template absl::Status GradientTile<double>(const Job<double>&, const Box&, Scratch<double>&);
template absl::Status GradientTile<long double>(const Job<long double>&, const Box&,
                                                Scratch<long double>&);

}  // namespace trine::normalize
