// What each framework's preset stands for. One row a preset; a new framework is a new row.
// Facts and their sources: the frameworks' own LRN code and documentation, named row by row.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/types/span.h"
#include "core/normalize/lrn.h"

namespace trine::normalize {

// An absent default means that the request must give the value.
struct PresetRow {
  Preset preset;
  std::string_view name;
  std::optional<int64_t> size;
  std::optional<double> alpha;
  std::optional<double> beta;
  std::optional<double> bias;
  AlphaScaling alpha_scaling;             // kSizePowD is alpha / n across channels (one axis)
  std::optional<EvenWindow> even_window;  // absent: an even size is refused
  Layout layout;
  // Limits of the framework itself, beyond those of the header.
  int64_t max_size = kMaxSize;
  std::optional<double> min_beta;
  std::optional<double> min_bias;
};

absl::Span<const PresetRow> PresetTable();

// The row of `preset`; nullptr for a number that is none.
const PresetRow* FindPreset(Preset preset);

}  // namespace trine::normalize
