// Loops over rows of floats, compiled for each instruction set, the same results on all.
// All read and may write up to kRowSlack elements beyond the end of a row.
#pragma once

#include <cstdint>

namespace trine::segment {

inline constexpr int64_t kRowSlack = 64;

// out[x] = weights[0] taps[radius][x] + the sum from d = radius down to 1 of
// weights[d] (taps[radius - d][x] + taps[radius + d][x]), for x in [0, n).
void WeighTaps(const float* const* taps, const float* weights, int64_t radius, int64_t n,
               float* out);
void WeighTaps(const double* const* taps, const double* weights, int64_t radius, int64_t n,
               double* out);

// out[i] = (a[i] + d[i] + 3 (b[i] + c[i])) / 8.
void ReduceRows(const float* a, const float* b, const float* c, const float* d, int64_t n,
                float* out);
void ReduceRows(const double* a, const double* b, const double* c, const double* d, int64_t n,
                double* out);
// The same of elements 2i, 2i + 1, 2i + 2, 2i + 3.
void ReduceColumns(const float* in, int64_t n, float* out);
void ReduceColumns(const double* in, int64_t n, double* out);
// out[2i] = (3 in[i + 1] + in[i]) / 4, out[2i + 1] = (3 in[i + 1] + in[i + 2]) / 4, for i in
// [0, n).
void ExpandColumns(const float* in, int64_t n, float* out);
void ExpandColumns(const double* in, int64_t n, double* out);
// out[i] = (3 near[i] + far[i]) / 4.
void ExpandRows(const float* near, const float* far, int64_t n, float* out);
void ExpandRows(const double* near, const double* far, int64_t n, double* out);

// From and to the pixels of a picture, at any address; integers rounded to the nearest, halves up,
// and clamped.
void ToReals(const uint8_t* pixels, int64_t n, float* out);
void WordsToReals(const uint8_t* pixels, int64_t n, float* out);
void FromReals(const float* in, int64_t n, uint8_t* pixels);
void WordsFromReals(const float* in, int64_t n, uint8_t* pixels);

int64_t RowKernelTargets();  // for tests

}  // namespace trine::segment
