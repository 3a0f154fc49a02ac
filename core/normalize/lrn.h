// Local response normalization (LRN), forward and gradient, in every framework's convention.
//
//   s_c = k + a * sum over i in [c-lo, c+hi] of x_i^2       (clipped at the tensor's edge)
//   y_c = x_c * s_c^-beta
//   dx_j = dy_j * s_j^-beta - 2 a beta x_j * sum over c with j in W(c) of dy_c * y_c / s_c
//
// (Krizhevsky et al. 2012, section 3.3; Caffe's lrn_layer for the gradient.) ACROSS_CHANNELS slides
// the window over the channels at one position; WITHIN_CHANNEL over an n x n (n^d) neighbourhood of
// one channel. `a` is the factor that really multiplies the sum: alpha, alpha / n or alpha / n^d,
// as the framework has it. Elements outside the tensor count as zero and never change the divisor.
//
// Numbers: float16 and bfloat16 are read into float32, accumulated there and rounded once at the
// end; float64 computes in float64, and so do the narrower types where float32 would not keep the
// accuracy below (core/normalize/rows/power.h). Where a square, a base or a power leaves the range
// of that type (float32 above 1.8e19, float64 above 1e154, bias 0 with small x), the elements that
// depend on it are computed again, in float64 and at last in long double; the others stay as they
// are. The window sum never subtracts, so that NaN and infinity stay inside the windows that hold
// them and no cancellation happens after a large value. A NaN in the result is always the quiet NaN
// without payload. Results are bitwise the same for any number of threads and for either layout.
// They may differ in the last units from one instruction set to another
// (core/normalize/kernels/row_kernels.h).
//
// Accuracy, for inputs of any magnitude, where a and k are not below 0 (else the base may cancel),
// with n the window's size and W its taps (n, within a channel n^d):
//   float32          at most 4 + log2(n) ULP from an exact computation
//   float64          the same in its own units, |beta| times as many where |beta| > 1
//   float16,         half a unit and what the float32 bound is in theirs
//   bfloat16
//   gradients        with eps 2^-23 or 2^-52, times the sum of the absolute terms: float32 at most
//                    (8 + log2 n) max(1, |beta|) eps, float64 (8 + 2 log2 W) (1 + |beta|) eps; and
//                    beside it W (1 + max |dy|) times 2^-136 (float64: 2^-1061) for terms that
//                    underflow
// A base of 0, or one below 0 where beta is not whole, has no power: its result is NaN (0^-beta
// infinite where x is not 0), and the report says that there is one. So it does where a result of
// finite inputs is infinite because its dtype holds nothing as large.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/tensor.h"
#include "core/runtime/context.h"

namespace trine::normalize {

// Numbers equal those of the proto enums (proto/trine/v1/normalization.proto).
enum class Preset : uint8_t {
  kAlexnet = 1,  // the default
  kCaffe = 2,
  kPytorch = 3,
  kOnnx = 4,
  kTensorflow = 5,
  kCudnn = 6,
  kOnednn = 7,
  kOpenvino = 8,
};

enum class Mode : uint8_t { kAcrossChannels = 1, kWithinChannel = 2 };

// Where the channels are. The rank says how many spatial axes there are (NC, NCW, NCHW, NCDHW):
// kChannelsFirst is [N,C,...], kChannelsLast is [N,...,C]; rank 2 is [N,C] in both. kHwc is one
// picture [H,W,C] without a batch axis (rank 3 only).
enum class Layout : uint8_t { kChannelsFirst = 1, kChannelsLast = 2, kHwc = 3 };

// What alpha is divided by: nothing, the size n, or n^d with d the window's axes.
enum class AlphaScaling : uint8_t { kSum = 1, kSize = 2, kSizePowD = 3 };

// Where a window of even size n lies: kLow has lo = n/2, hi = n/2 - 1 (PyTorch); kHigh has
// lo = n/2 - 1, hi = n/2 (ONNX, cuDNN); kTruncate n/2 - 1 on both sides (oneDNN: n - 1 taps);
// kWiden n/2 on both sides (the paper's formula: n + 1 taps). The divisor stays n.
enum class EvenWindow : uint8_t { kLow = 1, kHigh = 2, kTruncate = 3, kWiden = 4 };

enum class Activation : uint8_t { kNone = 1, kRelu = 2 };  // ReLU keeps NaN

// What a request may say; what it leaves out comes from the preset.
struct LrnOptions {
  Preset preset = Preset::kAlexnet;
  std::optional<Mode> mode;      // default kAcrossChannels
  std::optional<Layout> layout;  // default kChannelsFirst; TENSORFLOW kChannelsLast
  // Window size n, 1 to kMaxSize, or depth_radius r (n = 2r + 1), 0 to kMaxSize / 2; not both.
  std::optional<int64_t> size;
  std::optional<int64_t> depth_radius;
  std::optional<double> alpha;  // finite
  std::optional<double> beta;   // finite
  std::optional<double> bias;   // finite; 0 is legal
  std::optional<AlphaScaling> alpha_scaling;
  std::optional<EvenWindow> even_window;
  std::optional<Activation> activation;  // default kNone; applied before the normalization
};

inline constexpr int64_t kMaxSize = 65535;

// What a call computes with, after presets and defaults. The response echoes it.
struct Resolved {
  Preset preset = Preset::kAlexnet;
  Mode mode = Mode::kAcrossChannels;
  Layout layout = Layout::kChannelsFirst;
  Activation activation = Activation::kNone;
  int64_t size = 5;  // n as given
  int64_t lo = 2;    // taps below the centre
  int64_t hi = 2;    // taps above the centre
  double a = 1e-4;   // what multiplies the sum of squares
  double beta = 0.75;
  double k = 2;
};

// Fills in the presets. Errors: INVALID_ARGUMENT naming "options.<field>" for a value out of range,
// an even size with a preset that refuses it (CAFFE, TENSORFLOW) and no even_window, a size that
// the preset requires and the request lacks (PYTORCH, ONNX, OPENVINO), CUDNN's own limits
// (n 1 to 16, bias >= 1e-5, beta >= 0.01), both size and depth_radius; and "tensor.shape" for a
// rank outside 2 to 5 (3 for kHwc) or WITHIN_CHANNEL without a spatial axis.
absl::StatusOr<Resolved> Resolve(const LrnOptions& options, absl::Span<const int64_t> shape);

// What a call came upon.
struct LrnReport {
  // Some base k + a * sum of finite inputs is 0, or below 0 with a beta that is not whole: results
  // that depend on it are NaN or infinite.
  bool no_power = false;
  // Some result of finite inputs is beyond the largest number of its dtype, and infinite.
  bool overflow = false;
};

// Whether a result of Lrn may be beyond the largest number of `dtype`, finite inputs being what
// they may; errs to one side only: true where none is. A gradient's always may.
bool MayOverflow(const Resolved& resolved, DType dtype);

// y = LRN(x). `in` and `out` have the same dtype (float16, bfloat16, float32, float64; else
// INVALID_ARGUMENT naming tensor.dtype) and shape; they are the same memory or do not overlap.
// Empty tensors are fine. `report`, which may be null, is filled in. RESOURCE_EXHAUSTED where the
// context's account has no room for working memory. REQUIRES: `resolved` came from Resolve with
// this shape.
absl::Status Lrn(const Context& context, const Resolved& resolved, const TensorView& in,
                 const MutableTensorView& out, LrnReport* report = nullptr);

// dx from x and dy (stateless: the forward pass is recomputed). All three have one dtype and shape,
// else INVALID_ARGUMENT naming output_gradient or input_gradient; `in_gradient` may be the memory
// of `in` or of `out_gradient`. With ReLU the gradient passes where x > 0 (and where x is NaN).
absl::Status LrnGradient(const Context& context, const Resolved& resolved, const TensorView& in,
                         const TensorView& out_gradient, const MutableTensorView& in_gradient,
                         LrnReport* report = nullptr);

// "alexnet", "caffe", ...: the names of the command line. One table in presets.cc.
std::string_view PresetName(Preset preset);
std::optional<Preset> ParsePreset(std::string_view name);

}  // namespace trine::normalize
