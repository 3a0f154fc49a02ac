// The peers of the rows: OpenCV as Debian has it, linked; OpenCV and scikit-image as a Python has
// them, in a process beside this one.
//
// Works are named by text, the same for both: "otsu", "mean 11", "gaussian 11" (windows; linked
// only for those that have no adaptiveThreshold: a blur and a comparison), "median 5" (radius),
// "smooth 5" (sigma), "top_hat 25" (radius), "multi_otsu 4" (classes), "sauvola 25" (window).
// Those on a mask: "components", "boxes" (components with areas, boxes and centres), "distance",
// "fill_holes", "contours", "measure" (labels the mask and measures the picture). "watershed"
// floods the picture from the markers; "chain" is otsu, fill_holes, components, distance, watershed
// from maxima of it, measure.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/tensor.h"
#include "tests/bench/segment/segment_measure.h"
#include "tests/bench/segment/segment_outputs.h"
#include "tests/bench/segment/segment_pictures.h"

namespace trine::bench {

// A contender, and what it made in the row's form; of works that give a gray picture those above
// 128 are the foreground. Computed when it is asked for.
struct Peer {
  Contender contender;
  std::function<Output()> output;
};

// What a peer is to do, and with which of the pictures, which must outlive the peer.
struct Given {
  std::string work;
  std::string picture;
  std::string mask;  // or none
  const Pictures& pictures;
};

// On one thread. Nothing where OpenCV does not have it.
std::optional<Peer> LinkedOpencv(const Given& given);

// The libraries of an interpreter. Thread safety: one thread at a time.
class PythonPeers {
 public:
  // Runs `script` by `python`; without one of the libraries it has no works of that library.
  // `folder` is for pictures on their way.
  PythonPeers(const std::string& python, const std::string& script, std::string folder);
  ~PythonPeers();
  PythonPeers(const PythonPeers&) = delete;
  PythonPeers& operator=(const PythonPeers&) = delete;

  // A peer for each library that has the work.
  std::vector<Peer> Find(const Given& given);

 private:
  std::string Ask(const std::string& line);
  void Load(const std::string& name, const Tensor& picture);

  std::string folder_;
  pid_t pid_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
  std::vector<std::string> loaded_;
};

}  // namespace trine::bench
