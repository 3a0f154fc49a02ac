// y = x * s^-beta, tile by tile.
#include "core/base/error.h"
#include "core/normalize/rows/power.h"
#include "core/normalize/rows/tile.h"
#include "core/normalize/rows/window_sum.h"

namespace trine::normalize {

template <typename T>
absl::Status ForwardTile(const Job<T>& job, const Box& box, Scratch<T>& scratch) {
  using S = Scratch<T>;
  Wanted<T> wanted(job);
  TRINE_RETURN_IF_ERROR(wanted.Load(box, scratch));
  if (wanted.none()) return absl::OkStatus();
  const Window& window = job.geometry.window;
  const Box reach = job.geometry.Expand(box, window);
  T* x = scratch.Get(S::kX, reach.elements());
  T* q = scratch.Get(S::kPing, reach.elements());
  T* y = scratch.Get(S::kCore, box.elements());
  if (x == nullptr || q == nullptr || y == nullptr) return S::OutOfMemory();
  TRINE_RETURN_IF_ERROR(LoadBox(job, job.x, reach, job.arithmetic.rectify, x));
  if (!ForParts(job.cancel, reach.elements(),
                [&](size_t begin, size_t end) { Square(x + begin, end - begin, q + begin); }))
    return job.cancel.Check();

  typename S::Slot slot = S::kPing;
  TRINE_RETURN_IF_ERROR(BoxSum(job.cancel, window, reach, box, scratch, slot));
  const T* sum = scratch.Get(slot, box.elements());
  if (reach != box) {
    // Squares have been used up: the other of the two buffers can hold the centre of x.
    T* centre = scratch.Get(slot == S::kPing ? S::kPong : S::kPing, box.elements());
    if (centre == nullptr) return S::OutOfMemory();
    TRINE_RETURN_IF_ERROR(Crop(job.cancel, reach, x, box, centre));
    x = centre;
  }
  if (!ForParts(job.cancel, box.elements(), [&](size_t begin, size_t end) {
        Scale(job.arithmetic, x + begin, sum + begin, end - begin, y + begin);
      }))
    return job.cancel.Check();
  TRINE_RETURN_IF_ERROR(wanted.Keep(y));
  return StoreBox(job, y, box);
}

template absl::Status ForwardTile<float>(const Job<float>&, const Box&, Scratch<float>&);
template absl::Status ForwardTile<double>(const Job<double>&, const Box&, Scratch<double>&);
template absl::Status ForwardTile<long double>(const Job<long double>&, const Box&,
                                               Scratch<long double>&);

}  // namespace trine::normalize
