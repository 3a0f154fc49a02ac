// The rows' steps as core runs them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/runtime/context.h"
#include "core/segment/segment.h"
#include "tests/bench/segment/segment_measure.h"
#include "tests/bench/segment/segment_outputs.h"
#include "tests/bench/segment/segment_pictures.h"
#include "tests/bench/segment/segment_rows.h"

namespace trine::bench {

// Thread safety: one thread at a time.
class Ours {
 public:
  // `picture`, and `pictures` where the row names a mask or markers, must outlive it.
  Ours(const Case& row, const Tensor& picture, const Pictures& pictures,
       std::vector<segment::Step> steps);
  // The same, whose results are in other memory.
  Ours WithOwnMemory() const;
  void SetInside(const Tensor& inside) { inputs_.mask = inside.view(); }

  segment::Result Run(const Context& context) const;
  // What the peers' outputs are compared with: of steps that give a gray picture alone, what of it
  // is above 128.
  Output CompareWith(const Context& context) const;
  Contender Named(std::string name, const Context& context, Clock clock) const;
  uint64_t BytesMoved(const Context& context) const;

 private:
  // With a mask that is there: how long the steps took [s].
  double RunSteps(const Context& context, Clock clock, segment::Result* result) const;

  // Memory for what the steps make, of maps of that type: kept from one run to the next.
  void Keep();

  std::string name_;
  Form form_;
  bool label_image_;
  std::shared_ptr<Tensor> mask_, labels_, distance_;
  const Tensor* given_mask_;  // null: whole segmentations
  segment::Inputs inputs_;
  segment::Options options_;
};

// Outputs of one run on one thread and one on more.
bool IsSame(const segment::Result& a, const segment::Result& b);

}  // namespace trine::bench
