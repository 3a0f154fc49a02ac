// Validation, the choice of arithmetic, and the split over the thread pool.
#include "core/normalize/lrn.h"

#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/normalize/convert.h"
#include "core/normalize/geometry.h"
#include "core/normalize/rows/power.h"
#include "core/normalize/rows/scratch.h"
#include "core/normalize/rows/sweep.h"
#include "core/normalize/rows/tile.h"
#include "core/runtime/thread_pool.h"

namespace trine::normalize {
namespace {

constexpr size_t kCopyBytes = size_t{1} << 20;  // about 0.1 ms

absl::Status CheckInput(const Context& context, const Resolved& resolved, const TensorView& in) {
  if (!IsFloat(in.dtype))
    return InvalidField("tensor.dtype", DTypeName(in.dtype),
                        "must be float16, bfloat16, float32 or float64");
  TRINE_RETURN_IF_ERROR(ValidateTensor(in, *context.limits, "tensor"));
  const size_t rank = in.shape.size();
  const size_t lowest = resolved.mode == Mode::kWithinChannel ? 3 : 2;
  if (resolved.layout == Layout::kHwc ? rank != 3 : rank < lowest || rank > 5)
    return InvalidField("tensor.shape", ShapeToString(in.shape),
                        "the rank does not fit the layout and the mode");
  for (int64_t taps : {resolved.lo, resolved.hi})
    if (taps < 0 || taps > kMaxSize)
      return InvalidField("options.size", resolved.size, absl::StrCat("must be 1 to ", kMaxSize));
  return absl::OkStatus();
}

// That `other` has the dtype and the shape of `in`, and the bytes that they need.
absl::Status CheckSame(std::string_view field, const TensorView& in, DType dtype,
                       const Shape& shape, size_t bytes) {
  if (dtype != in.dtype)
    return InvalidField(absl::StrCat(ToAbsl(field), ".dtype"), DTypeName(dtype),
                        absl::StrCat("must be that of the input, ", ToAbsl(DTypeName(in.dtype))));
  if (shape != in.shape)
    return InvalidField(absl::StrCat(ToAbsl(field), ".shape"), ShapeToString(shape),
                        absl::StrCat("must be that of the input, ", ShapeToString(in.shape)));
  if (bytes != in.data.size())
    return InvalidField(absl::StrCat(ToAbsl(field), ".data"), absl::StrCat(bytes, " bytes"),
                        absl::StrCat("must be ", in.data.size(), " bytes"));
  return absl::OkStatus();
}

// An input that tiles may read while others write the output: itself, or a copy if they overlap.
class Source {
 public:
  absl::Status Init(const Context& context, ByteView in, MutableByteView out,
                    bool tiles_read_neighbours) {
    data_ = in.data();
    const std::less<const uint8_t*> before;
    const bool overlap =
        before(in.data(), out.data() + out.size()) && before(out.data(), in.data() + in.size());
    if (!overlap || (in.data() == out.data() && !tiles_read_neighbours)) return absl::OkStatus();
    copy_.reset(new (std::nothrow) uint8_t[in.size()]);
    if (copy_ == nullptr) return Scratch<float>::OutOfMemory();
    data_ = copy_.get();
    return ParallelFor(context, in.size(), kCopyBytes, [&](size_t begin, size_t end) {
      std::memcpy(copy_.get() + begin, in.data() + begin, end - begin);
      return absl::OkStatus();
    });
  }
  const uint8_t* data() const { return data_; }

 private:
  const uint8_t* data_ = nullptr;
  std::unique_ptr<uint8_t[]> copy_;
};

// `out_gradient` null, here and below: the forward pass.
struct Sources {
  absl::Status Init(const Context& context, const TensorView& in, const TensorView* out_gradient,
                    const MutableTensorView& out, bool tiles_read_neighbours) {
    TRINE_RETURN_IF_ERROR(x.Init(context, in.data, out.data, tiles_read_neighbours));
    if (out_gradient == nullptr) return absl::OkStatus();
    return dy.Init(context, out_gradient->data, out.data, tiles_read_neighbours);
  }
  Source x;
  Source dy;
};

// In tiles, computed in T.
template <typename T>
absl::Status RunTiles(const Context& context, const Resolved& resolved, const Geometry& geometry,
                      const TensorView& in, const TensorView* out_gradient,
                      const MutableTensorView& out) {
  const Tiling tiling(geometry);
  Sources sources;
  TRINE_RETURN_IF_ERROR(sources.Init(context, in, out_gradient, out, tiling.has_halo()));
  const Job<T> job{.resolved = resolved,
                   .geometry = geometry,
                   .cancel = context.cancel,
                   .load = GetLoad<T>(in.dtype),
                   .store = GetStore<T>(in.dtype),
                   .element_bytes = DTypeSize(in.dtype),
                   .x = sources.x.data(),
                   .dy = sources.dy.data(),
                   .out = out.data.data()};
  ScratchPool<T> pool;
  return ParallelFor(context, tiling.tiles(), 1, [&](size_t begin, size_t end) -> absl::Status {
    typename ScratchPool<T>::Lease scratch(pool);
    for (size_t i = begin; i < end; ++i) {
      const Box box = tiling.tile(i);
      TRINE_RETURN_IF_ERROR(out_gradient == nullptr ? ForwardTile(job, box, *scratch)
                                                    : GradientTile(job, box, *scratch));
    }
    return absl::OkStatus();
  });
}

absl::Status Dispatch(const Context& context, const Resolved& resolved, const TensorView& in,
                      const TensorView* out_gradient, const MutableTensorView& out) {
  TRINE_RETURN_IF_ERROR(context.cancel.Check());
  if (in.elements() == 0) return absl::OkStatus();
  const Geometry geometry = MakeGeometry(resolved, in.shape);
  const bool suffices = out_gradient == nullptr
                            ? FloatSuffices(resolved, geometry.taps())
                            : FloatSufficesForGradient(resolved, geometry.taps());
  const bool doubles = in.dtype == DType::kFloat64;
  if (!doubles && !suffices)
    return RunTiles<double>(context, resolved, geometry, in, out_gradient, out);
  const Sweep sweep(resolved, geometry, in.dtype);
  if (!sweep.supported())
    return doubles ? RunTiles<double>(context, resolved, geometry, in, out_gradient, out)
                   : RunTiles<float>(context, resolved, geometry, in, out_gradient, out);
  Sources sources;
  TRINE_RETURN_IF_ERROR(sources.Init(context, in, out_gradient, out, sweep.has_halo()));
  return out_gradient == nullptr
             ? sweep.Forward(context, sources.x.data(), out.data.data())
             : sweep.Gradient(context, sources.x.data(), sources.dy.data(), out.data.data());
}

}  // namespace

absl::Status Lrn(const Context& context, const Resolved& resolved, const TensorView& in,
                 const MutableTensorView& out) {
  TRINE_RETURN_IF_ERROR(CheckInput(context, resolved, in));
  TRINE_RETURN_IF_ERROR(CheckSame("output", in, out.dtype, out.shape, out.data.size()));
  return Dispatch(context, resolved, in, nullptr, out);
}

absl::Status LrnGradient(const Context& context, const Resolved& resolved, const TensorView& in,
                         const TensorView& out_gradient, const MutableTensorView& in_gradient) {
  TRINE_RETURN_IF_ERROR(CheckInput(context, resolved, in));
  TRINE_RETURN_IF_ERROR(CheckSame("output_gradient", in, out_gradient.dtype, out_gradient.shape,
                                  out_gradient.data.size()));
  TRINE_RETURN_IF_ERROR(CheckSame("input_gradient", in, in_gradient.dtype, in_gradient.shape,
                                  in_gradient.data.size()));
  return Dispatch(context, resolved, in, &out_gradient, in_gradient);
}

}  // namespace trine::normalize
