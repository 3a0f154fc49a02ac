// Runs of elements between a payload (any float dtype, any alignment) and the type that a kernel
// computes in. Each function gives the same bits as core/base/float16.h, written without branches
// so that compilers vectorize it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/dtype.h"

namespace trine::normalize {

template <typename T>
using LoadRun = void (*)(const uint8_t* source, size_t count, T* out);

template <typename T>
using StoreRun = void (*)(const T* source, size_t count, uint8_t* out);

// T is float, double or long double. REQUIRES: a float dtype, and no float for float64. Stores
// round to nearest even once, also from a wide type to a 16-bit one.
template <typename T>
LoadRun<T> GetLoad(DType dtype);
template <typename T>
StoreRun<T> GetStore(DType dtype);

}  // namespace trine::normalize
