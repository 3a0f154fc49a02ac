// Instruction sets that the row kernels are compiled for. To be included before Highway's headers.
#pragma once

// The baseline, SSE4, AVX2 and AVX-512; those between them gain nothing here.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
