// The rows of segmentation steps against OpenCV, scikit-image and scipy.
//
// A row runs its steps as a caller of core does, who gives the mask's memory, as the peers are
// given theirs; labels and distances are in fresh memory each time. Rows of regions start from a
// mask, Otsu's of the picture (distance.far: all set but 200 pixels), which is there before they
// are timed, and write into memory of earlier runs; so do the peers, where they can. Peers are
// OpenCV as Debian has it, linked, and what the Python named by TRINE_BENCH_PYTHON (python3) brings
// along: OpenCV again, scikit-image, scipy, and all three for the chain of steps; all on one
// thread. Where a peer takes more than 3 s it is run once. `copy` moves as many bytes as a row must
// at least read and write. Outputs are compared before anything is timed, label maps as partitions:
// they may differ in the part of the pixels that the row says, where the conventions do (borders; a
// mean rounded before the comparison; lines between basins do not count). OpenCV's watershed floods
// by differences between neighbours: most of its regions are others.
//   X on 4000x3000        one thread, to each peer, in processor time
//   components.8.runs     without the label image, which the peers write
//   the same, threads 2   to one thread, in time that passes, with the same result. Goal: 1.8
//   multi_otsu.X.search   on few pixels of as many values: what follows the histogram
//   otsu.X.inside         with a mask of pixels that count, to without
// Usage: segment_bench SECONDS TEXT SCRIPT FOLDER: a measurement lasts a tenth of SECONDS; only
// rows whose names contain TEXT; SCRIPT is segment_peers.py, FOLDER for pictures on their way to
// it. One JSON object a line on stdout. TRINE_BENCH_DATA names the folder with pictures.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/runtime/thread_pool.h"
#include "tests/bench/segment/segment_measure.h"
#include "tests/bench/segment/segment_ours.h"
#include "tests/bench/segment/segment_outputs.h"
#include "tests/bench/segment/segment_peers.h"
#include "tests/bench/segment/segment_pictures.h"
#include "tests/bench/segment/segment_rows.h"
#include "tests/bench/segment/segment_steps.h"

namespace trine::bench {
namespace {

constexpr int kThreads = 2;

void Check(const Case& row, const std::string& peer, const Output& ours, const Output& theirs) {
  const double part = DifferingPart(row.form, ours, theirs);
  std::fprintf(stderr, "%s: %.4f %% differ from %s's\n", row.name.c_str(), 100 * part,
               peer.c_str());
  if (peer != row.unlike && part > row.may_differ)
    Die(row.name + ": " + peer + " may differ in " + std::to_string(row.may_differ));
}

Contender Copy(uint64_t moved) {
  const auto from = std::make_shared<std::vector<uint8_t>>(moved / 2, uint8_t{1});
  const auto to = std::make_shared<std::vector<uint8_t>>(moved / 2, uint8_t{2});
  return {"copy", "",
          Timed(Clock::kThisThread, [=] { std::memcpy(to->data(), from->data(), from->size()); })};
}

void RunThreads(const Case& row, const std::string& what, const Ours& ours) {
  ThreadPool pool(kThreads);
  Context context;
  context.pool = &pool;
  const Ours other = ours.WithOwnMemory();
  if (!IsSame(ours.Run({}), other.Run(context))) Die(row.name + ": threads change the result");
  CompareTimes({row.name, what, kThreads}, ours.Named("trine", context, Clock::kPassing),
               {ours.Named("one-thread", {}, Clock::kPassing)});
}

void RunCase(const Case& row, const Pictures& pictures, PythonPeers* python) {
  std::string missing;
  const auto steps = StepsOf(row.steps, &missing);
  if (!steps) {
    std::fprintf(stderr, "segment_bench: %s: not offered: %s\n", row.name.c_str(), missing.c_str());
    return;
  }
  const Tensor thinned =
      row.against == Against::kNobody ? Thinned(pictures.Named(row.picture), 16) : Tensor();
  const Tensor& picture = row.against == Against::kNobody ? thinned : pictures.Named(row.picture);
  Ours ours(row, picture, pictures, *steps);
  std::vector<Contender> peers;
  const Ours without = ours;
  if (row.against == Against::kItself) {
    ours.SetInside(pictures.inside);
    peers.push_back(without.Named("whole", {}, Clock::kThisThread));
  }
  if (!row.work.empty()) {
    const Given given{row.work, row.picture, row.mask, pictures};
    std::vector<Peer> all = python->Find(given);
    if (auto linked = LinkedOpencv(given)) all.insert(all.begin(), *std::move(linked));
    const Output output = ours.CompareWith({});
    for (const Peer& peer : all) {
      Check(row, peer.contender.name, output, peer.output());
      peers.push_back(peer.contender);
    }
  }
  if (row.against == Against::kPeers) peers.push_back(Copy(ours.BytesMoved({})));
  const std::string what =
      std::to_string(picture.shape[1]) + "x" + std::to_string(picture.shape[0]);
  CompareTimes({row.name, what}, ours.Named("trine", {}, Clock::kThisThread), peers);
  if (row.against != Against::kNobody) RunThreads(row, what, ours);
}

int Main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: segment_bench SECONDS TEXT SCRIPT FOLDER\n");
    return 2;
  }
  SetMeasuring(std::atof(argv[1]) / 10, argv[2]);
  const char* const data = std::getenv("TRINE_BENCH_DATA");
  const char* const python = std::getenv("TRINE_BENCH_PYTHON");
  PythonPeers peers(python != nullptr ? python : "python3", argv[3], argv[4]);
  const Pictures pictures = MakePictures(data != nullptr ? data : "");
  for (const Case& row : Cases())
    if (IsWanted(row.name)) RunCase(row, pictures, &peers);
  return 0;
}

}  // namespace
}  // namespace trine::bench

int main(int argc, char** argv) { return trine::bench::Main(argc, argv); }
