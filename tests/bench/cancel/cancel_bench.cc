// The rows cancel.*: how long each kernel and reader of pictures goes on after it was cancelled, at
// worst over many moments of a long run on the pool's threads, right after its start and near its
// end among them. The goal is 20 ms; the ratio is the goal over the figure. One JSON object a line
// on stdout. With an argument only the rows whose names contain it (and what makes their input).
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/coding/coding.h"
#include "core/coding/exact.h"
#include "core/image/image.h"
#include "core/normalize/lrn.h"
#include "core/runtime/thread_pool.h"
#include "tests/bench/cancel/cancel_measure.h"
#include "tests/bench/cancel/cancel_segment.h"

namespace trine::bench {
namespace {

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
  if (argc > 1) trine::bench::SetWanted(argv[1]);
  trine::ThreadPool pool(0);
  trine::bench::Normalize(&pool);
  trine::bench::Coding(&pool);
  trine::bench::MeasureSegmentation(&pool);
  trine::bench::Images(&pool);
  return 0;
}
