// The rows of the group: which steps are measured on which picture, and against what.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/segment/segment_outputs.h"

namespace trine::bench {

enum class Against : uint8_t {
  kPeers,
  kItself,  // without the mask of pixels that count
  kNobody,  // on few pixels
};

struct Case {
  std::string name;
  std::string picture;    // as Pictures::Named has it
  std::string steps;      // as StepsOf takes them
  std::string work = {};  // of the peers
  double may_differ = 0;  // part of the pixels
  Against against = Against::kPeers;
  Form form = Form::kForeground;
  // A mask that is there before the steps, which alone are measured, as Pictures::Named has it; the
  // peers get it in place of the picture, or beside it. Empty: whole segmentations are measured.
  std::string mask = {};
  bool markers = false;     // Pictures::markers are given
  bool label_image = true;  // is written too, where steps on a mask make labels
  std::string unlike = {};  // a peer that does something else: how much differs is only told
};

std::vector<Case> Cases();

}  // namespace trine::bench
