// From what a request says to what a call computes with.
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/normalize/lrn.h"
#include "core/normalize/presets.h"

namespace trine::normalize {
namespace {

// Whether an optional enum, if given, is one of 1..last.
template <typename Enum>
absl::Status CheckEnum(std::string_view field, const std::optional<Enum>& value, Enum last) {
  if (!value.has_value()) return absl::OkStatus();
  const int number = static_cast<int>(*value);
  if (number >= 1 && number <= static_cast<int>(last)) return absl::OkStatus();
  return InvalidField(field, int64_t{number},
                      absl::StrCat("must be one of 1 to ", static_cast<int>(last)));
}

absl::Status CheckEnums(const LrnOptions& options) {
  TRINE_RETURN_IF_ERROR(CheckEnum("options.mode", options.mode, Mode::kWithinChannel));
  TRINE_RETURN_IF_ERROR(CheckEnum("options.layout", options.layout, Layout::kHwc));
  TRINE_RETURN_IF_ERROR(
      CheckEnum("options.alpha_scaling", options.alpha_scaling, AlphaScaling::kSizePowD));
  TRINE_RETURN_IF_ERROR(CheckEnum("options.even_window", options.even_window, EvenWindow::kWiden));
  return CheckEnum("options.activation", options.activation, Activation::kRelu);
}

absl::Status Missing(std::string_view field, const PresetRow& row) {
  return InvalidField(field, std::string_view("absent"),
                      absl::StrCat("the preset ", ToAbsl(row.name), " requires it"));
}

// The window size n, from `size`, from `depth_radius` or from the preset.
absl::StatusOr<int64_t> ResolveSize(const LrnOptions& options, const PresetRow& row) {
  if (options.size.has_value() && options.depth_radius.has_value())
    return InvalidField("options.depth_radius", *options.depth_radius,
                        "give either size or depth_radius, not both");
  if (options.depth_radius.has_value()) {
    const int64_t max_radius = (row.max_size - 1) / 2;
    if (*options.depth_radius < 0 || *options.depth_radius > max_radius)
      return InvalidField("options.depth_radius", *options.depth_radius,
                          absl::StrCat("must be 0 to ", max_radius));
    return 2 * *options.depth_radius + 1;
  }
  if (!options.size.has_value()) {
    if (!row.size.has_value()) return Missing("options.size", row);
    return *row.size;
  }
  const int64_t n = *options.size;
  if (n < 1 || n > row.max_size)
    return InvalidField("options.size", n, absl::StrCat("must be 1 to ", row.max_size));
  if (n % 2 == 0 && !row.even_window.has_value() && !options.even_window.has_value())
    return InvalidField(
        "options.size", n,
        absl::StrCat("the preset ", ToAbsl(row.name),
                     " takes odd sizes only, unless the place of an even window is given"));
  return n;
}

absl::StatusOr<double> ResolveNumber(std::string_view field, const std::optional<double>& given,
                                     const std::optional<double>& by_default,
                                     const std::optional<double>& minimum, const PresetRow& row) {
  if (!given.has_value()) {
    if (!by_default.has_value()) return Missing(field, row);
    return *by_default;
  }
  if (!std::isfinite(*given)) return InvalidField(field, *given, "must be finite");
  if (minimum.has_value() && *given < *minimum)
    return InvalidField(
        field, *given, absl::StrCat("the preset ", ToAbsl(row.name), " takes at least ", *minimum));
  return *given;
}

void SetWindow(EvenWindow even_window, Resolved& resolved) {
  const int64_t n = resolved.size;
  const int64_t half = n / 2;
  resolved.lo = half;
  resolved.hi = half;
  if (n % 2 != 0) return;
  if (even_window == EvenWindow::kHigh || even_window == EvenWindow::kTruncate) --resolved.lo;
  if (even_window == EvenWindow::kLow || even_window == EvenWindow::kTruncate) --resolved.hi;
}

// What alpha is divided by. At most 65535^3, exact in a double.
double Divisor(AlphaScaling scaling, int64_t n, int window_axes) {
  if (scaling == AlphaScaling::kSum) return 1;
  double divisor = static_cast<double>(n);
  if (scaling == AlphaScaling::kSizePowD)
    for (int i = 1; i < window_axes; ++i) divisor *= static_cast<double>(n);
  return divisor;
}

// The axes that are neither batch nor channels, or an error.
absl::StatusOr<int> SpatialAxes(Mode mode, Layout layout, absl::Span<const int64_t> shape) {
  const int rank = static_cast<int>(shape.size());
  if (layout == Layout::kHwc) {
    if (rank != 3)
      return InvalidField("tensor.shape", ShapeToString(shape), "the layout HWC takes rank 3");
    return 2;
  }
  if (rank < 2 || rank > 5)
    return InvalidField("tensor.shape", ShapeToString(shape), "the rank must be 2 to 5");
  if (mode == Mode::kWithinChannel && rank == 2)
    return InvalidField("tensor.shape", ShapeToString(shape),
                        "a window within a channel needs at least one spatial axis (rank 3 to 5)");
  return rank - 2;
}

}  // namespace

absl::StatusOr<Resolved> Resolve(const LrnOptions& options, absl::Span<const int64_t> shape) {
  const PresetRow* row = FindPreset(options.preset);
  if (row == nullptr)
    return InvalidField("options.preset", static_cast<int64_t>(options.preset),
                        absl::StrCat("must be one of 1 to ", PresetTable().size()));
  TRINE_RETURN_IF_ERROR(CheckEnums(options));

  Resolved resolved;
  resolved.preset = options.preset;
  resolved.mode = options.mode.value_or(Mode::kAcrossChannels);
  resolved.layout = options.layout.value_or(row->layout);
  resolved.activation = options.activation.value_or(Activation::kNone);
  TRINE_ASSIGN_OR_RETURN(resolved.size, ResolveSize(options, *row));
  SetWindow(options.even_window.value_or(row->even_window.value_or(EvenWindow::kLow)), resolved);

  TRINE_ASSIGN_OR_RETURN(const double alpha, ResolveNumber("options.alpha", options.alpha,
                                                           row->alpha, std::nullopt, *row));
  TRINE_ASSIGN_OR_RETURN(
      resolved.beta, ResolveNumber("options.beta", options.beta, row->beta, row->min_beta, *row));
  TRINE_ASSIGN_OR_RETURN(
      resolved.k, ResolveNumber("options.bias", options.bias, row->bias, row->min_bias, *row));

  TRINE_ASSIGN_OR_RETURN(const int spatial, SpatialAxes(resolved.mode, resolved.layout, shape));
  const int window_axes = resolved.mode == Mode::kWithinChannel ? spatial : 1;
  resolved.a = alpha / Divisor(options.alpha_scaling.value_or(row->alpha_scaling), resolved.size,
                               window_axes);
  return resolved;
}

}  // namespace trine::normalize
