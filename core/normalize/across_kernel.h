// The sweeps of across.h as functions that are compiled once a target.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/cancel.h"

namespace trine::normalize {

// What a sweep computes with; see Resolved.
struct AcrossParameters {
  size_t lo = 0;
  size_t hi = 0;  // lo + hi + 1 <= kMaxDirectTaps
  double a = 0;
  double k = 0;
  double beta = 0.75;
  bool rectify = false;
};

// A block of columns, channels first: rows of `width` elements, one a channel, `stride` apart.
struct AcrossColumns {
  const float* x = nullptr;
  float* y = nullptr;
  size_t channels = 0;
  size_t stride = 0;
  size_t width = 0;
  // taps rows of ColumnRowElements(width) elements.
  float* ring = nullptr;
};

// Elements of a row of the ring: `width` and what a vector may write behind it.
size_t ColumnRowElements(size_t width);

// Positions of `channels` elements behind each other, channels last.
struct AcrossRows {
  const float* x = nullptr;
  float* y = nullptr;
  size_t channels = 0;
  size_t positions = 0;
  // RowScratchElements(parameters, channels) elements.
  float* scratch = nullptr;
};

size_t RowScratchElements(const AcrossParameters& parameters, size_t channels);

// Highway's bits of the targets that the sweeps are compiled for.
int64_t SweepTargets();

// False where `cancel` told them to stop.
bool SweepColumns(const AcrossParameters& parameters, const AcrossColumns& columns,
                  const CancelToken& cancel);
bool SweepRows(const AcrossParameters& parameters, const AcrossRows& rows,
               const CancelToken& cancel);

}  // namespace trine::normalize
