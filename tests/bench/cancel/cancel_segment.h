// The rows cancel.segment.*: one a step of segmentation, or a method where it has methods, from the
// list of steps (core/segment/steps.h). Each is the worst over pictures of several types, with a
// mask of pixels that count and without, over the profiles, and over usual and the widest windows.
#pragma once

#include "core/runtime/thread_pool.h"

namespace trine::bench {

void MeasureSegmentation(ThreadPool* pool);

}  // namespace trine::bench
