// Least values of rows, compiled for each instruction set. Rows have room for kLeastSlack elements
// beyond their ends, which are read and may be written.
#pragma once

#include <cstdint>

namespace trine::segment {

inline constexpr int64_t kLeastSlack = 256;

// row[i] = min(row[i], row[i + shift]) for i in [0, n), from the left.
void WidenLeast(uint8_t* row, int64_t shift, int64_t n);
void WidenLeast(uint16_t* row, int64_t shift, int64_t n);
void WidenLeast(float* row, int64_t shift, int64_t n);
void WidenLeast(double* row, int64_t shift, int64_t n);

// least[i] = min(least[i], rows[0][i], ..., rows[count - 1][i]) for i in [0, n).
void LeastOfRows(const uint8_t* const* rows, int64_t count, int64_t n, uint8_t* least);
void LeastOfRows(const uint16_t* const* rows, int64_t count, int64_t n, uint16_t* least);
void LeastOfRows(const float* const* rows, int64_t count, int64_t n, float* least);
void LeastOfRows(const double* const* rows, int64_t count, int64_t n, double* least);

// The same of rows[k][i] + lifts[k], which saturates.
void LeastOfLifted(const uint8_t* const* rows, const uint8_t* lifts, int64_t count, int64_t n,
                   uint8_t* least);
void LeastOfLifted(const uint16_t* const* rows, const uint16_t* lifts, int64_t count, int64_t n,
                   uint16_t* least);
void LeastOfLifted(const float* const* rows, const float* lifts, int64_t count, int64_t n,
                   float* least);
void LeastOfLifted(const double* const* rows, const double* lifts, int64_t count, int64_t n,
                   double* least);

int64_t LeastKernelTargets();  // for tests

}  // namespace trine::segment
