#include "tests/bench/cancel/cancel_segment.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/base/dtype.h"
#include "core/base/limits.h"
#include "core/base/tensor.h"
#include "core/segment/segment.h"
#include "core/segment/steps.h"
#include "tests/bench/cancel/cancel_measure.h"
#include "tests/core/segment/variants.h"

namespace trine::bench {
namespace {

constexpr int kMoments = 7;
constexpr int64_t kLargestSide = 4096, kSmallestSide = 256;
// Longer runs get a smaller picture.
constexpr auto kLongestRun = std::chrono::milliseconds(300);
constexpr double kMiddle = 105;  // of values of 8 bits

struct Kind {
  const char* name;
  DType dtype;
  double scale;  // of a gray level of 8 bits
  bool masked = false;
};
constexpr Kind kKinds[] = {{"uint8", DType::kUint8, 1},
                           {"uint8 with a mask", DType::kUint8, 1, true},
                           {"uint16", DType::kUint16, 257},
                           {"float32", DType::kFloat32, 1.0 / 256},
                           // Wider than 16 bits, so that it is kept in float64.
                           {"int32", DType::kInt32, 70000}};

struct Picture {
  Tensor gray, inside, markers;
};

// Noise of 120 levels, brighter in every second stretch; of the wide types nearly each pixel has a
// value of its own. A pixel in 1009 is outside, and one in 997 a marker.
Picture MakePicture(const Kind& kind, int64_t side) {
  const Shape shape{side, side};
  Picture out{Tensor::Zeros(kind.dtype, shape), Tensor::Zeros(DType::kUint8, shape),
              Tensor::Zeros(DType::kInt32, shape)};
  uint32_t state = 3;
  const auto random = [&](uint32_t below) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
  };
  for (int64_t i = 0; i < side * side; ++i) {
    const uint32_t level = random(120) + static_cast<uint32_t>(i / 4096 % 2) * 90;
    const double value = kind.scale * (level + random(65536) / 65536.0);
    uint8_t* const at = out.gray.data.data() + i * static_cast<int64_t>(DTypeSize(kind.dtype));
    switch (kind.dtype) {
      case DType::kUint8:
        *at = static_cast<uint8_t>(level);
        break;
      case DType::kUint16:
        StoreLE(at, static_cast<uint16_t>(value));
        break;
      case DType::kFloat32:
        StoreLE(at, static_cast<float>(value));
        break;
      default:
        StoreLE(at, static_cast<int32_t>(value));
    }
    out.inside.data[i] = i % 1009 != 0 ? 255 : 0;
    if (i % 997 == 0) StoreLE(out.markers.data.data() + 4 * i, static_cast<int32_t>(i / 997 + 1));
  }
  return out;
}

class Pictures {
 public:
  const Picture& Get(const Kind& kind, int64_t side) {
    const auto key = std::pair(&kind, side);
    const auto found = pictures_.find(key);
    return found != pictures_.end() ? found->second
                                    : pictures_.emplace(key, MakePicture(kind, side)).first->second;
  }

 private:
  std::map<std::pair<const Kind*, int64_t>, Picture> pictures_;
};

struct Case {
  const Kind* kind;
  segment::Profile profile;
  segment::Step step;
  bool is_widened;
};

// Every `variant`th of the step's variants that there is, of each kind of picture.
std::vector<Case> CasesOf(const segment::StepSpec& spec, size_t variant) {
  std::vector<Case> out;
  for (const Kind& kind : kKinds) {
    const segment::Step step = segment::Variants(spec, kMiddle * kind.scale)[variant];
    const auto wide = segment::Widened(step);
    for (int number = 1; number <= 5; ++number) {
      const auto profile = static_cast<segment::Profile>(number);
      const bool may_differ = (spec.profiles & segment::ProfileBit(profile)) != 0;
      if (profile != segment::Profile::kExact && !may_differ) continue;
      out.push_back({&kind, profile, step, false});
      if (wide && profile == segment::Profile::kExact) out.push_back({&kind, profile, *wide, true});
    }
  }
  return out;
}

segment::Options OptionsOf(const Case& c) {
  segment::Options options;
  options.profile = c.profile;
  options.steps = segment::Pipeline(c.step, kMiddle * c.kind->scale);
  return options;
}

segment::Inputs InputsOf(const Case& c, const Picture& picture) {
  segment::Inputs inputs;
  inputs.gray = picture.gray.view();
  if (c.kind->masked) inputs.mask = picture.inside.view();
  if ((c.step.spec().uses & segment::kMarkers) != 0) inputs.markers = picture.markers.view();
  return inputs;
}

bool IsOffered(const Case& c) {
  const Picture pixel = MakePicture(*c.kind, 1);
  return segment::Validate(InputsOf(c, pixel), OptionsOf(c), DefaultLimits()).ok();
}

// The side of the largest picture on which the case takes no longer than kLongestRun.
int64_t SideFor(ThreadPool* pool, const Case& c, Pictures& pictures) {
  const segment::Options options = OptionsOf(c);
  int64_t side = kLargestSide;
  for (; side > kSmallestSide; side /= 2) {
    CancelSource source;
    Context context;
    context.pool = pool;
    context.cancel = source.token();
    const segment::Inputs inputs = InputsOf(c, pictures.Get(*c.kind, side));
    source.SetDeadline(std::chrono::steady_clock::now() + kLongestRun);
    if (!absl::IsDeadlineExceeded(segment::Segment(context, inputs, options).status())) break;
  }
  return side;
}

void MeasureRow(ThreadPool* pool, const std::string& name, const std::vector<Case>& cases,
                Pictures& pictures) {
  double worst = -1;
  std::string worst_case;
  std::vector<double> all;
  for (const Case& c : cases) {
    if (!IsOffered(c)) continue;
    const int64_t side = SideFor(pool, c, pictures);
    const segment::Options options = OptionsOf(c);
    const segment::Inputs inputs = InputsOf(c, pictures.Get(*c.kind, side));
    const Stops stops = MeasureStops(pool, name, kMoments, [&](const Context& context) {
      const absl::Status status = segment::Segment(context, inputs, options).status();
      // What the pixels decide: it has been work all the same.
      const bool is_refused = absl::IsInvalidArgument(status) || absl::IsUnimplemented(status);
      return is_refused ? absl::OkStatus() : status;
    });
    const std::string text =
        std::string(c.kind->name) + ", " + std::string(segment::ProfileName(c.profile)) +
        (c.is_widened ? ", wide, " : ", ") + std::to_string(side) + "x" + std::to_string(side);
    std::fprintf(stderr, "%-32s %6.2f of %5.0f ms, %2zu of %d stopped: %s\n", name.c_str(),
                 stops.Worst(), stops.whole_ms, stops.ms.size(), kMoments, text.c_str());
    all.insert(all.end(), stops.ms.begin(), stops.ms.end());
    if (stops.Worst() > worst) {
      worst = stops.Worst();
      worst_case = text;
    }
  }
  PrintRow(*pool, name, worst_case, std::move(all));
}

}  // namespace

void MeasureSegmentation(ThreadPool* pool) {
  Pictures pictures;
  for (const segment::StepSpec& spec : segment::AllSteps()) {
    const std::vector<segment::Step> variants = segment::Variants(spec, kMiddle);
    // The row as it is has one of the methods, too.
    for (size_t i = variants.size() > 1 ? 1 : 0; i < variants.size(); ++i) {
      const std::string name = "segment." + segment::NameOf(variants[i]);
      if (IsWanted(name)) MeasureRow(pool, name, CasesOf(spec, i), pictures);
    }
  }
}

}  // namespace trine::bench
