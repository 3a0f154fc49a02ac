// What the tests of local response normalization share: tensors of any float dtype from doubles and
// back, distances in units in the last place, and calls of the kernel that must succeed.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/base/tensor.h"
#include "core/normalize/lrn.h"
#include "core/runtime/context.h"
#include "tests/oracle/normalize_oracle.h"

namespace trine::normalize {

inline constexpr DType kFloatDTypes[] = {DType::kFloat16, DType::kBfloat16, DType::kFloat32,
                                         DType::kFloat64};

// The doubles rounded to `dtype`.
Tensor MakeTensor(DType dtype, const Shape& shape, const std::vector<double>& values);
std::vector<double> Values(const Tensor& tensor);

// |got - want| in units in the last place of `dtype` at `want`. 0 where both are NaN, the same
// infinity, or where `want` rounds to the infinity that was got; infinite where only one is NaN.
double UlpDistance(DType dtype, double got, double want);
// The largest over all elements.
double MaxUlp(const Tensor& got, const std::vector<double>& want);

// Inputs. The same on every machine: std::mt19937_64 and arithmetic only.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t Bits() { return engine_(); }
  double Uniform(double low, double high) {
    return low + (high - low) * (static_cast<double>(engine_() >> 11) * 0x1p-53);
  }
  // Sum of four uniforms: bell-shaped around 0, standard deviation about 1.15.
  double Bell() { return Uniform(-1, 1) + Uniform(-1, 1) + Uniform(-1, 1) + Uniform(-1, 1); }
  std::vector<double> Bells(size_t count, double scale = 1);
  // Signs at random, magnitudes spread evenly over the decades from `low` to `high`.
  std::vector<double> Decades(size_t count, double low, double high);

 private:
  std::mt19937_64 engine_;
};

size_t Count(const Shape& shape);

// ONNX's preset, which leaves nothing to defaults.
LrnOptions OnnxOptions(int64_t n, double alpha, double beta, double bias);

// The oracle's parameters for what `resolved` says, for tensors that are not kHwc.
oracle::Lrn ToOracle(const Resolved& resolved);

// Resolve that must succeed.
Resolved MustResolve(const LrnOptions& options, const Shape& shape);
// The kernel into fresh memory; must succeed.
Tensor RunLrn(const Resolved& resolved, const Tensor& in, const Context& context = {});
Tensor RunGradient(const Resolved& resolved, const Tensor& in, const Tensor& dy,
                   const Context& context = {});

// [N,C,...] to [N,...,C] and back.
Tensor ToChannelsLast(const Tensor& tensor);
Tensor ToChannelsFirst(const Tensor& tensor);

}  // namespace trine::normalize
