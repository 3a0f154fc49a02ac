// Validation, the choice of arithmetic, the split over the thread pool, and what is done again.
#include "core/normalize/lrn.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/normalize/convert.h"
#include "core/normalize/geometry.h"
#include "core/normalize/kernels/row_shape.h"
#include "core/normalize/range.h"
#include "core/normalize/rows/kept_units.h"
#include "core/normalize/rows/power.h"
#include "core/normalize/rows/scratch.h"
#include "core/normalize/rows/sweep.h"
#include "core/normalize/rows/tile.h"
#include "core/runtime/thread_pool.h"

namespace trine::normalize {
namespace {

constexpr size_t kCopyBytes = size_t{1} << 20;  // about 0.1 ms
// Of Scratch's buffers, those that a forward tile uses.
constexpr uint64_t kForwardBuffers = 9;

// The largest number of a dtype.
double Largest(DType dtype) {
  if (dtype == DType::kFloat16) return 65504;
  if (dtype == DType::kFloat64) return std::numeric_limits<double>::max();
  return std::numeric_limits<float>::max();
}

// Its least above 0.
double Least(DType dtype) {
  if (dtype == DType::kFloat16) return 0x1p-24;
  if (dtype == DType::kBfloat16) return 0x1p-133;
  return dtype == DType::kFloat32 ? 0x1p-149 : 0x1p-1074;
}

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

bool Overlap(ByteView a, ByteView b) {
  const std::less<const uint8_t*> before;
  return before(a.data(), b.data() + b.size()) && before(b.data(), a.data() + a.size());
}

// An input that can be read while, or after, the output is written: itself, or a copy.
class Source {
 public:
  // `stays`: whether it must be whole to the end, and not only where it has not been overwritten.
  Source(ByteView in, ByteView out, bool stays)
      : in_(in), copies_(Overlap(in, out) && (in.data() != out.data() || stays)) {}

  uint64_t copied_bytes() const { return copies_ ? in_.size() : 0; }

  absl::Status Load(const Context& context) {
    if (!copies_) return absl::OkStatus();
    copy_.reset(new (std::nothrow) uint8_t[in_.size()]);
    if (copy_ == nullptr) return Scratch<float>::OutOfMemory();
    return ParallelFor(context, in_.size(), kCopyBytes, [&](size_t begin, size_t end) {
      std::memcpy(copy_.get() + begin, in_.data() + begin, end - begin);
      return absl::OkStatus();
    });
  }
  const uint8_t* data() const { return copies_ ? copy_.get() : in_.data(); }

 private:
  ByteView in_;
  bool copies_;
  std::unique_ptr<uint8_t[]> copy_;
};

// What a call reads and writes.
struct Operands {
  DType dtype;
  Geometry geometry;
  ByteView x;
  ByteView dy;  // empty: the forward pass
  MutableByteView out;
};

// One call, forward or backward.
class Call {
 public:
  // `held_bytes` are held beside the operands.
  Call(const Context& context, const Resolved& resolved, const Operands& operands,
       uint64_t held_bytes = 0)
      : context_(context),
        resolved_(resolved),
        operands_(operands),
        geometry_(operands_.geometry),
        out_(operands_.out),
        tiling_(geometry_),
        sweep_(resolved, geometry_, dtype()),
        floats_(dtype() != DType::kFloat64 && FloatsSuffice()),
        sweeps_((floats_ || dtype() == DType::kFloat64) && sweep_.supported()),
        held_bytes_(held_bytes) {}

  absl::Status Run(LrnReport* report) {
    TRINE_ASSIGN_OR_RETURN(const bool stays, MustStay());
    Source x(operands_.x, out_, stays);
    Source dy(operands_.dy, out_, stays);
    held_bytes_ += x.copied_bytes() + dy.copied_bytes();
    TRINE_RETURN_IF_ERROR(context_.Reserve(out_.size() + held_bytes_));
    TRINE_RETURN_IF_ERROR(x.Load(context_));
    TRINE_RETURN_IF_ERROR(dy.Load(context_));
    x_ = x.data();
    dy_ = gradient() ? dy.data() : nullptr;
    TRINE_RETURN_IF_ERROR(First());
    // Each wider type takes what the one before could not hold.
    if (floats_ && findings_.left_range.exchange(false))
      TRINE_RETURN_IF_ERROR(RunTiles<double>(/*mends=*/true));
    if (findings_.left_range.exchange(false))
      TRINE_RETURN_IF_ERROR(RunTiles<long double>(/*mends=*/true));
    if (report != nullptr) *report = {findings_.no_power, findings_.overflow};
    return absl::OkStatus();
  }

 private:
  DType dtype() const { return operands_.dtype; }
  bool gradient() const { return !operands_.dy.empty(); }
  // Whether an operand is written over, element by element.
  bool overwrites() const {
    return operands_.x.data() == out_.data() || operands_.dy.data() == out_.data();
  }

  bool FloatsSuffice() const {
    return gradient() ? FloatSufficesForGradient(resolved_, geometry_.taps())
                      : FloatSuffices(resolved_, geometry_.taps());
  }

  bool StaysWith(double x, double dy) const {
    return StaysInRange(resolved_, geometry_.taps(), floats_, x, gradient() ? &dy : nullptr);
  }
  // Whether no input at all leaves the range.
  bool AlwaysStays() const { return !gradient() && StaysWith(Largest(dtype()), 0); }

  // Whether the inputs are to be whole until the end: where one part of the work reads what another
  // overwrites, and where some of it may be done again. Sweeps keep the parts of which that is so.
  absl::StatusOr<bool> MustStay() const {
    if (sweeps_ ? sweep_.has_halo() : tiling_.has_halo()) return true;
    if (!overwrites() || AlwaysStays()) return false;
    if (sweeps_) return !StaysWith(0, 0);
    TRINE_ASSIGN_OR_RETURN(const double x, LargestMagnitude(context_, dtype(), operands_.x));
    TRINE_ASSIGN_OR_RETURN(const double dy, LargestMagnitude(context_, dtype(), operands_.dy));
    return !StaysWith(x, dy);
  }

  absl::Status First() {
    if (!sweeps_) return floats_ ? RunTiles<float>(false) : RunTiles<double>(false);
    const bool keeps = (x_ == out_.data() || dy_ == out_.data()) && !AlwaysStays();
    const RangeWatch watch(resolved_, dtype(), geometry_.taps(), floats_, gradient());
    KeptUnits kept(context_, watch, out_.size() + held_bytes_);
    KeptUnits* const left = keeps ? &kept : nullptr;
    TRINE_RETURN_IF_ERROR(gradient()
                              ? sweep_.Gradient(context_, findings_, left, x_, dy_, out_.data())
                              : sweep_.Forward(context_, findings_, left, x_, out_.data()));
    for (const KeptUnit& unit : kept.Take())
      TRINE_RETURN_IF_ERROR(RunKept(unit, kept.held_bytes()));
    return absl::OkStatus();
  }

  // What a sweep left, in memory of its own.
  absl::Status RunKept(const KeptUnit& unit, uint64_t held_bytes) {
    const size_t bytes = unit.bytes();
    TRINE_RETURN_IF_ERROR(context_.Reserve(held_bytes + bytes));
    const std::unique_ptr<uint8_t[]> out(new (std::nothrow) uint8_t[bytes]);
    if (out == nullptr) return Scratch<float>::OutOfMemory();
    const Operands operands{.dtype = dtype(),
                            .geometry = unit.geometry,
                            .x = {unit.x.get(), bytes},
                            .dy = {unit.dy.get(), gradient() ? bytes : 0},
                            .out = {out.get(), bytes}};
    LrnReport report;
    TRINE_RETURN_IF_ERROR(Call(context_, resolved_, operands, held_bytes).Run(&report));
    if (report.no_power) findings_.no_power = true;
    if (report.overflow) findings_.overflow = true;
    const uint8_t* row = out.get() + unit.rows_before * unit.row_bytes;
    uint8_t* to = unit.out;
    for (size_t i = unit.rows_before; i < unit.rows; ++i) {
      std::memcpy(to, row, unit.row_bytes);
      row += unit.row_bytes;
      to += unit.out_pitch;
      TRINE_RETURN_IF_ERROR(context_.cancel.Check());
    }
    return absl::OkStatus();
  }

  // In tiles, computed in T.
  template <typename T>
  absl::Status RunTiles(bool mends) {
    TRINE_RETURN_IF_ERROR(
        context_.Reserve(SaturatingAdd(out_.size() + held_bytes_, ScratchBytes(sizeof(T)))));
    const Job<T> job{.arithmetic = RowArithmetic(resolved_, dtype(), findings_),
                     .geometry = geometry_,
                     .cancel = context_.cancel,
                     .load = GetLoad<T>(dtype()),
                     .store = GetStore<T>(dtype()),
                     .element_bytes = DTypeSize(dtype()),
                     .x = x_,
                     .dy = dy_,
                     .out = out_.data(),
                     .mends = mends};
    ScratchPool<T> pool;
    return ParallelFor(context_, tiling_.tiles(), 1, [&](size_t begin, size_t end) -> absl::Status {
      typename ScratchPool<T>::Lease scratch(pool);
      for (size_t i = begin; i < end; ++i) {
        const Box box = tiling_.tile(i);
        TRINE_RETURN_IF_ERROR(gradient() ? GradientTile(job, box, *scratch)
                                         : ForwardTile(job, box, *scratch));
      }
      return absl::OkStatus();
    });
  }

  // At most, for all threads.
  uint64_t ScratchBytes(size_t element) const {
    const uint64_t threads = std::min<uint64_t>(ThreadsOf(context_), tiling_.tiles());
    const uint64_t tile = SaturatingMul(tiling_.reach_elements(gradient() ? 2 : 1), element);
    const uint64_t buffers =
        gradient() ? static_cast<uint64_t>(Scratch<float>::kSlots) : kForwardBuffers;
    return SaturatingMul(threads * buffers, tile);
  }

  const Context& context_;
  const Resolved& resolved_;
  const Operands operands_;
  const Geometry& geometry_;
  const MutableByteView out_;
  const Tiling tiling_;
  const Sweep sweep_;
  const bool floats_;  // whether float is computed in
  const bool sweeps_;
  RowFindings findings_;
  uint64_t held_bytes_;  // beside the operands
  const uint8_t* x_ = nullptr;
  const uint8_t* dy_ = nullptr;
};

absl::Status Dispatch(const Context& context, const Resolved& resolved, const TensorView& in,
                      ByteView out_gradient, const MutableTensorView& out, LrnReport* report) {
  if (report != nullptr) *report = {};
  TRINE_RETURN_IF_ERROR(context.cancel.Check());
  if (in.elements() == 0) return absl::OkStatus();
  const Operands operands{.dtype = in.dtype,
                          .geometry = MakeGeometry(resolved, in.shape),
                          .x = in.data,
                          .dy = out_gradient,
                          .out = out.data};
  return Call(context, resolved, operands).Run(report);
}

}  // namespace

bool MayOverflow(const Resolved& resolved, DType dtype) {
  const long double a = resolved.a, beta = resolved.beta, k = resolved.k;
  if (beta == 0 || (k >= 1 && a >= 0 && beta >= 0)) return false;
  if (a < 0 || k < 0 || beta < 0) return true;
  // A window holds the element itself: |y| is at most |x| (k + a x^2)^-beta, which has one summit.
  const long double largest = Largest(dtype), least = Least(dtype);
  const long double steep = a * (2 * beta - 1);
  const long double summit = steep > 0 ? std::sqrt(k / steep) : largest;
  for (const long double x : {least, std::clamp(summit, least, largest), largest}) {
    constexpr long double kRoom = 0.01L;  // for what roundings add
    if (!(std::log2(x) - beta * std::log2(k + a * x * x) < std::log2(largest) - kRoom)) return true;
  }
  return false;
}

absl::Status Lrn(const Context& context, const Resolved& resolved, const TensorView& in,
                 const MutableTensorView& out, LrnReport* report) {
  TRINE_RETURN_IF_ERROR(CheckInput(context, resolved, in));
  TRINE_RETURN_IF_ERROR(CheckSame("output", in, out.dtype, out.shape, out.data.size()));
  return Dispatch(context, resolved, in, {}, out, report);
}

absl::Status LrnGradient(const Context& context, const Resolved& resolved, const TensorView& in,
                         const TensorView& out_gradient, const MutableTensorView& in_gradient,
                         LrnReport* report) {
  TRINE_RETURN_IF_ERROR(CheckInput(context, resolved, in));
  TRINE_RETURN_IF_ERROR(CheckSame("output_gradient", in, out_gradient.dtype, out_gradient.shape,
                                  out_gradient.data.size()));
  TRINE_RETURN_IF_ERROR(CheckSame("input_gradient", in, in_gradient.dtype, in_gradient.shape,
                                  in_gradient.data.size()));
  return Dispatch(context, resolved, in, out_gradient.data, in_gradient, report);
}

}  // namespace trine::normalize
