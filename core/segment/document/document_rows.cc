#include <vector>

#include "core/segment/document/document.h"
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
  return rows;
}

}  // namespace trine::segment
