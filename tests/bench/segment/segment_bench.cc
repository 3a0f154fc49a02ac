// The rows of segmentation steps: thresholds and smoothing against OpenCV and scikit-image.
//
// A row runs its steps as a caller of core does, who gives the mask's memory, as the peers are
// given theirs; labels are in fresh memory each time. Peers are OpenCV as Debian has it, linked,
// and what the Python named by TRINE_BENCH_PYTHON (python3) brings along: OpenCV again,
// scikit-image; all on one thread. `copy` moves as many bytes as a row must at least read and
// write. Outputs are compared before anything is timed: masks may differ in the part of the pixels
// that the row says, where the conventions do (borders; a mean rounded before the comparison).
//   X on 4000x3000        one thread, to each peer, in processor time
//   the same, threads 2   to one thread, in time that passes, with the same result. Goal: 1.8
//   multi_otsu.X.search   on few pixels of as many values: what follows the histogram
//   otsu.X.inside         with a mask of pixels that count, to without
// Usage: segment_bench SECONDS TEXT SCRIPT FOLDER: a measurement lasts a tenth of SECONDS; only
// rows whose names contain TEXT; SCRIPT is segment_peers.py, FOLDER for pictures on their way to
// it. One JSON object a line on stdout. TRINE_BENCH_DATA names the folder with pictures.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/runtime/thread_pool.h"
#include "core/segment/segment.h"
#include "tests/bench/segment/segment_measure.h"
#include "tests/bench/segment/segment_peers.h"
#include "tests/bench/segment/segment_pictures.h"
#include "tests/bench/segment/segment_steps.h"

namespace trine::bench {
namespace {

constexpr int kThreads = 2;

enum class Against : uint8_t {
  kPeers,
  kItself,  // without the mask of pixels that count
  kNobody,  // on few pixels
};

struct Case {
  std::string name;
  Tensor Pictures::*picture;
  std::string steps;
  std::string work = {};  // of the peers
  double may_differ = 0;  // part of the pixels
  Against against = Against::kPeers;
};

std::vector<Case> Cases() {
  const std::string local = "local_threshold:method=";
  std::vector<Case> out = {
      {"otsu.u8.apply", &Pictures::u8, "otsu", "otsu"},
      {"otsu.u16.apply", &Pictures::u16, "otsu", "otsu"},
      {"otsu.float.apply", &Pictures::float32, "otsu", ""},
      {"otsu.u8.inside", &Pictures::u8, "otsu", "", 0, Against::kItself},
      {"otsu.u16.inside", &Pictures::u16, "otsu", "", 0, Against::kItself},
      {"multi_otsu.u8.k4", &Pictures::u8, "multi_otsu:classes=4", "multi_otsu 4"},
      {"multi_otsu.u8.k5", &Pictures::u8, "multi_otsu:classes=5", "multi_otsu 5"},
      {"multi_otsu.u8.k4.search", &Pictures::u8, "multi_otsu:classes=4", "", 0, Against::kNobody},
      {"multi_otsu.u8.k5.search", &Pictures::u8, "multi_otsu:classes=5", "", 0, Against::kNobody},
      {"multi_otsu.u16.k5", &Pictures::u16, "multi_otsu:classes=5"},
  };
  const std::vector<std::pair<std::string, Tensor Pictures::*>> kinds = {
      {"u8", &Pictures::u8}, {"u16", &Pictures::u16}, {"float", &Pictures::float32}};
  for (const std::string window : {"11", "51"}) {
    for (const auto& [kind, picture] : kinds)
      out.push_back({"local.mean." + kind + ".w" + window, picture, local + "mean:window=" + window,
                     "mean " + window, 0.1});
    out.push_back({"local.gaussian.u8.w" + window, &Pictures::u8,
                   local + "gaussian:window=" + window, "gaussian " + window, 0.1});
  }
  const std::vector<std::string> ranges = {"128", "32768", "0.5"};
  for (size_t i = 0; i < kinds.size(); ++i)
    out.push_back({"local.sauvola." + kinds[i].first + ".w25", kinds[i].second,
                   local + "sauvola:window=25:k=0.2:r=" + ranges[i], "sauvola 25", 0.02});
  out.push_back(
      {"smooth.median.u8.r5", &Pictures::u8, "smooth:method=median:radius=5", "median 5", 0.05});
  out.push_back({"smooth.gaussian.u8.sigma5", &Pictures::u8, "smooth:method=gaussian:sigma=5",
                 "smooth 5", 0.05});
  out.push_back({"background.top_hat.u8.r25", &Pictures::u8, "background:method=top_hat:radius=25",
                 "top_hat 25", 0.05});
  return out;
}

class Ours {
 public:
  Ours(const Case& row, const Tensor& picture, std::vector<segment::Step> steps)
      : name_(row.name),
        mask_(std::make_shared<Tensor>(Tensor::Zeros(DType::kUint8, picture.shape))) {
    inputs_.gray = picture.view();
    inputs_.mask_memory = absl::MakeSpan(mask_->data);
    options_.steps = std::move(steps);
  }
  // The same, whose masks are in other memory.
  Ours WithOwnMask() const {
    Ours out = *this;
    out.mask_ = std::make_shared<Tensor>(*mask_);
    out.inputs_.mask_memory = absl::MakeSpan(out.mask_->data);
    return out;
  }
  void SetInside(const Tensor& inside) { inputs_.mask = inside.view(); }

  segment::Result Run(const Context& context) const {
    absl::StatusOr<segment::Result> result = segment::Segment(context, inputs_, options_);
    if (!result.ok()) Die(name_ + ": " + result.status().ToString());
    return *std::move(result);
  }
  // With one more step where these give a gray picture alone.
  std::vector<bool> Foreground(const Context& context) const {
    Ours with_mask = *this;
    if ((options_.steps.back().spec().makes & segment::kMask) == 0)
      with_mask.options_.steps.push_back(segment::ThresholdStep{{128.0}});
    const segment::Result result = with_mask.Run(context);
    std::vector<bool> out(result.mask->data.size());
    for (size_t i = 0; i < out.size(); ++i) out[i] = result.mask->data[i] != 0;
    return out;
  }
  Contender Named(std::string name, const Context& context, Clock clock) const {
    return {std::move(name), "", Timed(clock, [this, context] { Run(context); })};
  }
  uint64_t BytesMoved(const Context& context) const {
    const segment::Result result = Run(context);
    uint64_t bytes = inputs_.gray.data.size();
    for (const auto* map : {&result.mask, &result.labels})
      if (*map) bytes += (*map)->data.size();
    return bytes;
  }

 private:
  std::string name_;
  std::shared_ptr<Tensor> mask_;
  segment::Inputs inputs_;
  segment::Options options_;
};

void CheckForeground(const Case& row, const std::string& peer, const std::vector<bool>& ours,
                     const std::vector<bool>& theirs) {
  if (ours.size() != theirs.size()) Die(row.name + ": " + peer + " has another picture");
  size_t differ = 0;
  for (size_t i = 0; i < ours.size(); ++i) differ += ours[i] != theirs[i] ? 1 : 0;
  const double part = static_cast<double>(differ) / static_cast<double>(ours.size());
  if (part > row.may_differ)
    Die(row.name + ": of the pixels " + std::to_string(part) + " differ from " + peer + "'s");
  std::fprintf(stderr, "%s: %.4f %% of the pixels differ from %s's\n", row.name.c_str(), 100 * part,
               peer.c_str());
}

Contender Copy(uint64_t moved) {
  const auto from = std::make_shared<std::vector<uint8_t>>(moved / 2, uint8_t{1});
  const auto to = std::make_shared<std::vector<uint8_t>>(moved / 2, uint8_t{2});
  return {"copy", "",
          Timed(Clock::kThisThread, [=] { std::memcpy(to->data(), from->data(), from->size()); })};
}

bool IsSame(const segment::Result& a, const segment::Result& b) {
  const auto same = [](const std::optional<Tensor>& x, const std::optional<Tensor>& y) {
    return x.has_value() == y.has_value() && (!x || x->data == y->data);
  };
  return same(a.mask, b.mask) && same(a.labels, b.labels) &&
         a.foreground_fraction == b.foreground_fraction;
}

void RunThreads(const Case& row, const std::string& what, const Ours& ours) {
  ThreadPool pool(kThreads);
  Context context;
  context.pool = &pool;
  const Ours other = ours.WithOwnMask();
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
      row.against == Against::kNobody ? Thinned(pictures.*row.picture, 16) : Tensor();
  const Tensor& picture = row.against == Against::kNobody ? thinned : pictures.*row.picture;
  Ours ours(row, picture, *steps);
  std::vector<Contender> peers;
  const Ours without = ours;
  if (row.against == Against::kItself) {
    ours.SetInside(pictures.inside);
    peers.push_back(without.Named("whole", {}, Clock::kThisThread));
  }
  if (!row.work.empty()) {
    std::vector<Peer> all = python->Find(row.work, picture);
    if (auto linked = LinkedOpencv(row.work, picture)) all.insert(all.begin(), *std::move(linked));
    const std::vector<bool> foreground = ours.Foreground({});
    for (const Peer& peer : all) {
      CheckForeground(row, peer.contender.name, foreground, peer.foreground());
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
