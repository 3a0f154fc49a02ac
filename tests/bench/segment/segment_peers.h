// The peers of the rows: OpenCV as Debian has it, linked; OpenCV and scikit-image as a Python has
// them, in a process beside this one.
//
// Works are named by text, the same for both: "otsu", "mean 11", "gaussian 11" (windows; linked
// only for those that have no adaptiveThreshold: a blur and a comparison), "median 5" (radius),
// "smooth 5" (sigma), "top_hat 25" (radius), "multi_otsu 4" (classes), "sauvola 25" (window).
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/tensor.h"
#include "tests/bench/segment/segment_measure.h"

namespace trine::bench {

// A contender, and what it made of the picture: not 0 is foreground; of works that give a gray
// picture those above 128. Computed when it is asked for.
struct Peer {
  Contender contender;
  std::function<std::vector<bool>()> foreground;
};

// On one thread. Nothing where OpenCV does not have it. `picture` must outlive the peer.
std::optional<Peer> LinkedOpencv(const std::string& work, const Tensor& picture);

// The libraries of an interpreter. Thread safety: one thread at a time.
class PythonPeers {
 public:
  // Runs `script` by `python`; without one of the libraries it has no works of that library.
  // `folder` is for pictures on their way.
  PythonPeers(const std::string& python, const std::string& script, std::string folder);
  ~PythonPeers();
  PythonPeers(const PythonPeers&) = delete;
  PythonPeers& operator=(const PythonPeers&) = delete;

  // A peer for each library that has the work. The picture is the one that Load gave last.
  std::vector<Peer> Find(const std::string& work, const Tensor& picture);

 private:
  std::string Ask(const std::string& line);
  void Load(const Tensor& picture);

  std::string folder_;
  pid_t pid_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
  std::vector<std::string> loaded_;
};

}  // namespace trine::bench
