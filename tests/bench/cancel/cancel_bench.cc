// The rows cancel.*: how long each kernel and reader of pictures goes on after it was cancelled, at
// worst over many moments of a long run on the pool's threads. The goal is 20 ms; the ratio is the
// goal over the figure. One JSON object a line on stdout. With an argument only the rows whose
// names contain it (and what makes their input).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "core/base/cancel.h"
#include "core/coding/coding.h"
#include "core/coding/exact.h"
#include "core/image/image.h"
#include "core/normalize/lrn.h"
#include "core/runtime/thread_pool.h"
#include "core/segment/segment.h"

namespace trine::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Work = std::function<absl::Status(const Context&)>;

constexpr int kMoments = 24;
constexpr double kGoalMs = 20;

std::string_view wanted;  // part of the names of the rows to measure

double Ms(Clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

[[noreturn]] void Die(const std::string& name, const absl::Status& status) {
  std::fprintf(stderr, "cancel_bench: %s: %s\n", name.c_str(), status.ToString().c_str());
  std::exit(1);
}

// `makes_input`: a later row needs what `work` leaves behind, so that it runs once at least.
void Measure(ThreadPool* pool, const std::string& name, const Work& work,
             bool makes_input = false) {
  const bool measured = ("cancel." + name).find(wanted) != std::string::npos;
  if (!measured && !makes_input) return;
  Context context;
  context.pool = pool;
  const auto begin = Clock::now();
  if (absl::Status status = work(context); !status.ok()) Die(name, status);
  const double whole = Ms(Clock::now() - begin);
  if (!measured) return;
  double worst = 0;
  int caught = 0;
  for (int i = 1; i <= kMoments; ++i) {
    CancelSource source;
    context.cancel = source.token();
    absl::Status status;
    Clock::time_point ended;
    std::thread running([&] {
      status = work(context);
      ended = Clock::now();
    });
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(
        whole * (0.03 + 0.9 * static_cast<double>(i) / kMoments)));
    const auto cancelled = Clock::now();
    source.Cancel();
    running.join();
    if (!absl::IsCancelled(status)) continue;  // it was done before
    ++caught;
    worst = std::max(worst, Ms(ended - cancelled));
  }
  std::fprintf(stderr, "%-32s %6.0f ms, %2d of %d stopped\n", name.c_str(), whole, caught,
               kMoments);
  std::printf(
      "{\"name\": \"cancel.%s\", \"case\": \"worst of %d moments in %.0f ms\", \"threads\": %d, "
      "\"unit\": \"ms\", \"ours\": %.3g, \"peer\": \"none\", \"peer_value\": %g, \"ratio\": %.3f, "
      "\"ratio_min\": %.3f, \"ratio_max\": %.3f}\n",
      name.c_str(), caught, whole, pool->threads(), worst, kGoalMs, kGoalMs / worst,
      kGoalMs / worst, kGoalMs / worst);
  std::fflush(stdout);
}

std::vector<uint8_t> Noise(size_t bytes, int levels) {
  std::mt19937 random(3);
  std::vector<uint8_t> out(bytes);
  for (size_t i = 0; i < bytes; ++i)
    out[i] = static_cast<uint8_t>((random() % static_cast<unsigned>(levels)) + (i / 4096 % 2) * 90);
  return out;
}

void Normalize(ThreadPool* pool) {
  const Shape shape{16, 96, 55, 55};
  std::vector<float> x(size_t{16} * 96 * 55 * 55);
  std::mt19937 random(1);
  for (float& value : x) value = static_cast<float>(random() % 1000) / 500 - 1;
  std::vector<float> y(x.size());
  const size_t bytes = x.size() * sizeof(float);
  const TensorView in{DType::kFloat32, shape, {reinterpret_cast<uint8_t*>(x.data()), bytes}};
  const MutableTensorView out{
      DType::kFloat32, shape, {reinterpret_cast<uint8_t*>(y.data()), bytes}};
  const auto run = [&](const char* name, const normalize::LrnOptions& options, bool gradient) {
    const auto resolved = normalize::Resolve(options, shape);
    if (!resolved.ok()) Die(name, resolved.status());
    Measure(pool, name, [&, gradient](const Context& context) {
      return gradient ? normalize::LrnGradient(context, *resolved, in, in, out)
                      : normalize::Lrn(context, *resolved, in, out);
    });
  };
  normalize::LrnOptions options;
  run("lrn.across.forward", options, false);
  run("lrn.across.gradient", options, true);
  options.size = 31;
  options.beta = 0.6;
  run("lrn.across.any_beta", options, false);
  options.mode = normalize::Mode::kWithinChannel;
  run("lrn.within.forward", options, false);
  run("lrn.within.gradient", options, true);
}

void Coding(ThreadPool* pool) {
  const std::vector<uint8_t> raw = Noise(size_t{48} << 20, 100);
  struct Case {
    const char* name;
    coding::Model model;
    int order;
  };
  for (const Case& c :
       {Case{"auto", coding::Model::kAuto, -1}, Case{"static", coding::Model::kStatic, -1},
        Case{"adaptive.o0", coding::Model::kAdaptive, 0},
        Case{"adaptive.o1", coding::Model::kAdaptive, 1},
        Case{"adaptive.o2", coding::Model::kAdaptive, 2}}) {
    coding::EncodeOptions options;
    options.model = c.model;
    options.block_bytes = uint64_t{32} << 20;  // the longest block that is usual
    if (c.order >= 0) options.order = c.order;
    std::string coded;
    Measure(
        pool, std::string("encode.") + c.name,
        [&](const Context& context) {
          auto done = coding::Encode(context, {}, raw, options);
          if (done.ok()) coded = *std::move(done);
          return done.status();
        },
        /*makes_input=*/true);
    const ByteView view(reinterpret_cast<const uint8_t*>(coded.data()), coded.size());
    Measure(pool, std::string("decode.") + c.name,
            [&](const Context& context) { return coding::Decode(context, view).status(); });
  }
  coding::ProbabilityTable table;
  table.text = {"a", "b", "c"};
  table.probabilities = {"0.123456789", "0.376543211", "0.5"};
  const std::vector<std::string> message(4096, "a");
  Measure(pool, "encode.exact", [&](const Context& context) {
    return coding::ExactEncode(context, table, message, 0).status();
  });
}

void Segment(ThreadPool* pool) {
  const Shape shape{4096, 4096};
  const std::vector<uint8_t> pixels = Noise(size_t{4096} * 4096, 120);
  segment::Inputs inputs;
  inputs.gray = {DType::kUint8, shape, pixels};
  const auto run = [&](const char* name, std::vector<segment::Step> steps) {
    segment::Options options;
    options.steps = std::move(steps);
    Measure(pool, std::string("segment.") + name, [&](const Context& context) {
      return segment::Segment(context, inputs, options).status();
    });
  };
  run("otsu", {segment::OtsuStep{}});
  run("multi_otsu", {segment::MultiOtsuStep{.classes = 16}});
  for (const auto& [name, method] : {std::pair("local.mean", segment::LocalMethod::kMean),
                                     std::pair("local.gaussian", segment::LocalMethod::kGaussian),
                                     std::pair("local.sauvola", segment::LocalMethod::kSauvola)}) {
    segment::LocalThresholdStep step;
    step.method = method;
    step.window = 51;
    run(name, {step});
  }
  run("document", {segment::DocumentStep{}});
  run("edges", {segment::EdgesStep{}});
  run("masked_threshold", {segment::EdgesStep{}, segment::MaskedThresholdStep{}});
  run("keep_overlap", {segment::OtsuStep{}, segment::KeepOverlapStep{}});
  run("fill_holes", {segment::OtsuStep{}, segment::FillHolesStep{}});
  run("components", {segment::OtsuStep{}, segment::ComponentsStep{}});
  run("measure", {segment::OtsuStep{}, segment::ComponentsStep{}, segment::MeasureStep{}});
  run("contours", {segment::OtsuStep{}, segment::ContoursStep{}});
  run("distance", {segment::OtsuStep{}, segment::DistanceStep{}});
  run("watershed", {segment::OtsuStep{}, segment::DistanceStep{}, segment::WatershedStep{}});
}

void Images(ThreadPool* pool) {
  const Shape shape{6000, 6000};
  const std::vector<uint8_t> pixels = Noise(size_t{6000} * 6000, 200);
  for (const auto& [name, format] :
       {std::pair("png", image::Format::kPng), std::pair("tiff", image::Format::kTiff),
        std::pair("pnm", image::Format::kPnm)}) {
    std::string file;
    Measure(
        pool, std::string("write.") + name,
        [&](const Context& context) {
          auto done = image::EncodeImage(context, format, {DType::kUint8, shape, pixels});
          if (done.ok()) file = *std::move(done);
          return done.status();
        },
        /*makes_input=*/true);
    const ByteView view(reinterpret_cast<const uint8_t*>(file.data()), file.size());
    Measure(pool, std::string("read.") + name,
            [&](const Context& context) { return image::DecodeImage(context, view, {}).status(); });
  }
}

}  // namespace
}  // namespace trine::bench

int main(int argc, char** argv) {
  if (argc > 1) trine::bench::wanted = argv[1];
  trine::ThreadPool pool(0);
  trine::bench::Normalize(&pool);
  trine::bench::Coding(&pool);
  trine::bench::Segment(&pool);
  trine::bench::Images(&pool);
  return 0;
}
