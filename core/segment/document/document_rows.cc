#include <vector>

#include "core/segment/document/document.h"
#include "core/segment/document/ink.h"
#include "core/segment/document/steps/edges_step.h"
#include "core/segment/document/steps/masked_threshold.h"
#include "core/segment/pipeline.h"
#include "core/segment/row.h"
#include "core/segment/rows.h"

namespace trine::segment {

std::vector<StepSpec> DocumentRows() {
  std::vector<StepSpec> rows;
  rows.push_back(Row<DocumentStep>(
      {.name = "document",
       .about = "Ink of a page of text, dark or bright, on stained and uneven paper",
       .uses = kGray,
       .makes = kMask,
       // At twice the size four maps of one byte, and runs and parts at 5 bytes; beside it the
       // page of 8 bits, the flat one, the smoothed one and the blocks. Of a single pixel the parts
       // alone take as much.
       .working = Working::APixel(40)},
      [](State& s, const DocumentStep&) { return FindInk(s.context, s.gray, s.Mask()); }));

  rows.push_back(Row<EdgesStep>(
      {.name = "edges",
       .about = "Edges one pixel wide: ridges of the gradient's length (Canny)",
       .parameters =
           {Param<&EdgesStep::low>("low", "Length of Sobel's gradient, with weights 1 2 1",
                                   AtLeast(0), "half of high"),
            Param<&EdgesStep::high>("high", "Length that one of connected edge pixels is above",
                                    AtLeast(0), "1.4 times Otsu's threshold of all lengths")},
       .uses = kGray,
       .makes = kMask,
       .profiles = ProfileBit(Profile::kOpencv),
       // Runs and parts, of a single row or column more. Rows of gradients come on top.
       .working = Working::APixelOrColumn(12, 40)},
      RunEdges, CheckEdges));

  rows.push_back(Row<MaskedThresholdStep>(
      {.name = "masked_threshold",
       .about = "Pixels about as bright as those of the mask around them",
       .parameters = {Param<&MaskedThresholdStep::window>(
                          "window", "Side of the window [pixels]",
                          OddBetween(3, static_cast<double>(kMostInkWindow)), "15"),
                      Param<&MaskedThresholdStep::k>(
                          "k", "Deviations from the mean of the mask's pixels", Between(-100, 100)),
                      Param<&MaskedThresholdStep::least>(
                          "least", "Pixels of the mask in the window, else it has no foreground",
                          AtLeast(0), "0: half a side, rounded up")},
       .needs = kMask,
       .uses = kGray,
       .makes = kMask,
       .inverts = true,
       // The mask that was, and sums of columns: the sum of both is at most twice the larger.
       .working = Working::APixelOrColumn(2, 48)},
      RunMaskedThreshold, CheckMaskedThreshold));
  return rows;
}

}  // namespace trine::segment
