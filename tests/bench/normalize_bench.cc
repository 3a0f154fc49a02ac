// The rows lrn.*: local response normalization against oneDNN and against a copy.
//
// `copy` moves as many bytes as the operation reads and writes, by memcpy on as many threads: what
// memory allows. The note beside oneDNN is its own name for what it ran: "simple" and "ref" are
// scalar code. Both get the same tensors; the outputs are compared before anything is timed.
// Usage: normalize_bench [SECONDS [TEXT]]: a measurement lasts a tenth of SECONDS, which is many of
// these short calls; with TEXT only the rows whose names contain it. One JSON object a line on
// stdout.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "core/base/float16.h"
#include "core/base/tensor.h"
#include "core/normalize/lrn.h"
#include "core/runtime/thread_pool.h"

extern "C" void omp_set_num_threads(int);  // of the runtime that oneDNN brings along

namespace trine::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Work = std::function<void()>;

constexpr int kPairs = 9;
// OpenMP's threads spin for a while after their work; nobody is to be measured beside them.
constexpr auto kOpenMpRest = std::chrono::milliseconds(12);

double seconds_each = 0.03;
std::string_view wanted;

struct Case {
  std::string name;
  normalize::LrnOptions options;
  DType dtype = DType::kFloat32;
  bool gradient = false;
  bool has_peer = true;
};

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "normalize_bench: %s\n", what.c_str());
  std::exit(1);
}

double SecondsOf(const Work& work, int times) {
  const auto begin = Clock::now();
  for (int i = 0; i < times; ++i) work();
  return std::chrono::duration<double>(Clock::now() - begin).count() / times;
}

// Mean time of one call, after one that wakes the threads and fills the caches.
double Measure(const Work& work) {
  const double first = SecondsOf(work, 1);
  if (first > seconds_each) return first;
  return SecondsOf(work, std::max(1, static_cast<int>(seconds_each / first)));
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

struct Peer {
  std::string name;
  std::string note;
  Work work;
  bool rests = false;  // whether it leaves threads spinning
  std::vector<double> times;
  std::vector<double> ratios;
};

Shape InLayout(const Shape& nchw, normalize::Layout layout) {
  if (layout == normalize::Layout::kChannelsFirst) return nchw;
  return {nchw[0], nchw[2], nchw[3], nchw[1]};
}

Tensor RandomTensor(DType dtype, const Shape& shape, uint32_t seed) {
  const uint64_t count = CountElements(shape, DefaultLimits(), "shape").value();
  Tensor out = Tensor::Zeros(dtype, shape);
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (uint64_t i = 0; i < count; ++i) {
    const float value = normal(random);
    if (dtype == DType::kFloat32) {
      std::memcpy(out.data.data() + 4 * i, &value, 4);
    } else {
      const uint16_t bits =
          dtype == DType::kFloat16 ? FloatToFloat16(value) : FloatToBFloat16(value);
      std::memcpy(out.data.data() + 2 * i, &bits, 2);
    }
  }
  return out;
}

float ValueAt(const Tensor& tensor, size_t i) {
  float value;
  if (tensor.dtype == DType::kFloat32) {
    std::memcpy(&value, tensor.data.data() + 4 * i, 4);
    return value;
  }
  uint16_t bits;
  std::memcpy(&bits, tensor.data.data() + 2 * i, 2);
  return tensor.dtype == DType::kFloat16 ? Float16ToFloat(bits) : BFloat16ToFloat(bits);
}

void ExpectClose(const std::string& name, const Tensor& ours, const Tensor& theirs) {
  const double tolerance = ours.dtype == DType::kFloat32 ? 1e-5 : 1e-2;
  const size_t count = ours.data.size() / DTypeSize(ours.dtype);
  for (size_t i = 0; i < count; ++i) {
    const double a = ValueAt(ours, i);
    const double b = ValueAt(theirs, i);
    if (!(std::fabs(a - b) <= tolerance * std::max(1.0, std::fabs(b))))
      Die(name + ": element " + std::to_string(i) + " is " + std::to_string(a) + " here, " +
          std::to_string(b) + " there");
  }
}

// oneDNN's primitive on memory of ours.
class OneDnn {
 public:
  OneDnn(const Case& row, const Shape& nchw, const normalize::Resolved& resolved, Tensor& x,
         Tensor& dy, Tensor& out)
      : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    using dnnl::memory;
    const auto type = row.dtype == DType::kFloat32    ? memory::data_type::f32
                      : row.dtype == DType::kBfloat16 ? memory::data_type::bf16
                                                      : memory::data_type::f16;
    const auto tag = resolved.layout == normalize::Layout::kChannelsFirst
                         ? memory::format_tag::nchw
                         : memory::format_tag::nhwc;
    const memory::desc desc(memory::dims(nchw.begin(), nchw.end()), type, tag);
    const auto algorithm = resolved.mode == normalize::Mode::kAcrossChannels
                               ? dnnl::algorithm::lrn_across_channels
                               : dnnl::algorithm::lrn_within_channel;
    const float alpha = static_cast<float>(*row.options.alpha);
    const float beta = static_cast<float>(resolved.beta);
    const float k = static_cast<float>(resolved.k);
    const dnnl::lrn_forward::primitive_desc forward(
        {row.gradient ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
         algorithm, desc, resolved.size, alpha, beta, k},
        engine_);
    const memory source(desc, engine_, x.data.data());
    if (!row.gradient) {
      note_ = forward.impl_info_str();
      primitive_ = dnnl::lrn_forward(forward);
      arguments_ = {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, memory(desc, engine_, out.data.data())}};
      return;
    }
    const dnnl::lrn_backward::primitive_desc backward(
        {algorithm, desc, desc, resolved.size, alpha, beta, k}, engine_, forward);
    note_ = backward.impl_info_str();
    const memory workspace(forward.workspace_desc(), engine_);
    const memory y(desc, engine_);
    dnnl::lrn_forward(forward).execute(
        stream_, {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, y}, {DNNL_ARG_WORKSPACE, workspace}});
    stream_.wait();
    primitive_ = dnnl::lrn_backward(backward);
    arguments_ = {{DNNL_ARG_SRC, source},
                  {DNNL_ARG_DIFF_DST, memory(desc, engine_, dy.data.data())},
                  {DNNL_ARG_WORKSPACE, workspace},
                  {DNNL_ARG_DIFF_SRC, memory(desc, engine_, out.data.data())}};
  }

  void Run() {
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }
  const std::string& note() const { return note_; }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
  std::string note_;
};

void Print(const Case& row, const std::string& shape, int threads, double ours, const Peer& peer) {
  std::printf(
      "{\"name\": \"%s\", \"case\": \"%s\", \"threads\": %d, \"unit\": \"ms\", \"ours\": %.4g, "
      "\"peer\": \"%s\", \"peer_value\": %.4g, \"ratio\": %.3f, \"ratio_min\": %.3f, "
      "\"ratio_max\": %.3f, \"note\": \"%s\"}\n",
      row.name.c_str(), shape.c_str(), threads, ours * 1e3, peer.name.c_str(),
      Median(peer.times) * 1e3, Median(peer.ratios),
      *std::min_element(peer.ratios.begin(), peer.ratios.end()),
      *std::max_element(peer.ratios.begin(), peer.ratios.end()), peer.note.c_str());
  std::fflush(stdout);
}

void RunCase(const Case& row, const Shape& nchw, int threads) {
  ThreadPool pool(threads);
  Context context;
  context.pool = threads == 1 ? nullptr : &pool;
  omp_set_num_threads(threads);
  const Shape shape = InLayout(nchw, *row.options.layout);
  const auto resolved = normalize::Resolve(row.options, shape);
  if (!resolved.ok()) Die(row.name + ": " + resolved.status().ToString());
  Tensor x = RandomTensor(row.dtype, shape, 1);
  Tensor dy = RandomTensor(row.dtype, shape, 2);
  Tensor y = Tensor::Zeros(row.dtype, shape);
  Tensor peer_y = Tensor::Zeros(row.dtype, shape);

  const Work ours = [&] {
    const absl::Status status =
        row.gradient
            ? normalize::LrnGradient(context, *resolved, x.view(), dy.view(), y.mutable_view())
            : normalize::Lrn(context, *resolved, x.view(), y.mutable_view());
    if (!status.ok()) Die(row.name + ": " + status.ToString());
  };
  std::vector<Peer> peers;
  std::unique_ptr<OneDnn> onednn;
  if (row.has_peer) {
    onednn = std::make_unique<OneDnn>(row, nchw, *resolved, x, dy, peer_y);
    ours();
    onednn->Run();
    ExpectClose(row.name, y, peer_y);
    peers.push_back({.name = "onednn",
                     .note = onednn->note(),
                     .work = [&] { onednn->Run(); },
                     .rests = threads > 1});
  }
  const size_t moved = (row.gradient ? 3 : 2) * x.data.size() / 2;
  std::vector<uint8_t> from(moved, 1), to(moved, 2);
  peers.push_back({.name = "copy", .work = [&] {
                     const absl::Status status = ParallelFor(
                         context, moved, (moved + static_cast<size_t>(threads) - 1) / threads,
                         [&](size_t begin, size_t end) {
                           std::memcpy(to.data() + begin, from.data() + begin, end - begin);
                           return absl::OkStatus();
                         });
                     if (!status.ok()) Die(status.ToString());
                   }});

  std::vector<double> times;
  for (int i = 0; i < kPairs; ++i) {
    times.push_back(Measure(ours));
    for (Peer& peer : peers) {
      peer.times.push_back(Measure(peer.work));
      peer.ratios.push_back(peer.times.back() / times.back());
      if (peer.rests) std::this_thread::sleep_for(kOpenMpRest);
    }
  }
  for (const Peer& peer : peers) Print(row, ShapeToString(nchw), threads, Median(times), peer);
}

normalize::LrnOptions Options(normalize::Mode mode, normalize::Layout layout) {
  normalize::LrnOptions options;
  options.preset = normalize::Preset::kOnednn;
  options.mode = mode;
  options.layout = layout;
  options.size = 5;
  options.alpha = 1e-4;
  options.beta = 0.75;
  options.bias = 1;
  return options;
}

std::vector<Case> Cases() {
  using normalize::Layout;
  using normalize::Mode;
  const auto across_first = Options(Mode::kAcrossChannels, Layout::kChannelsFirst);
  const auto across_last = Options(Mode::kAcrossChannels, Layout::kChannelsLast);
  const auto within_first = Options(Mode::kWithinChannel, Layout::kChannelsFirst);
  const auto within_last = Options(Mode::kWithinChannel, Layout::kChannelsLast);
  auto large = across_first;
  large.size = 31;
  large.beta = 0.6;
  return {{.name = "lrn.across.nchw.forward", .options = across_first},
          {.name = "lrn.across.nhwc.forward", .options = across_last},
          {.name = "lrn.within.nchw.forward", .options = within_first},
          {.name = "lrn.within.nhwc.forward", .options = within_last},
          {.name = "lrn.across.nchw.gradient", .options = across_first, .gradient = true},
          {.name = "lrn.across.nhwc.gradient", .options = across_last, .gradient = true},
          {.name = "lrn.within.nchw.gradient", .options = within_first, .gradient = true},
          {.name = "lrn.across.nchw.forward.n31", .options = large},
          {.name = "lrn.across.nchw.forward.bfloat16",
           .options = across_first,
           .dtype = DType::kBfloat16},
          {.name = "lrn.across.nchw.forward.float16",
           .options = across_first,
           .dtype = DType::kFloat16,
           .has_peer = false}};
}

void RunAll() {
  const std::vector<Shape> shapes = {
      {16, 96, 55, 55}, {16, 256, 27, 27}, {8, 64, 56, 56}, {8, 192, 56, 56}, {1, 96, 55, 55}};
  for (const Case& row : Cases()) {
    if (row.name.find(wanted) == std::string::npos) continue;
    for (const Shape& shape : shapes)
      for (const int threads : {1, 2}) RunCase(row, shape, threads);
  }
}

}  // namespace
}  // namespace trine::bench

int main(int argc, char** argv) {
  if (argc > 1) trine::bench::seconds_each = std::atof(argv[1]) / 10;
  if (argc > 2) trine::bench::wanted = argv[2];
  trine::bench::RunAll();
}
