#include "server/convert/lrn.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/convert/enum.h"

namespace trine::server {
namespace {

// Gray and alpha, colour, colour and alpha.
constexpr int64_t kMostPictureChannels = 4;
// Maps of features have sides of a few pixels, pictures have not.
constexpr int64_t kLeastPictureSide = 8;

bool IsSide(int64_t length) { return length > kMostPictureChannels; }
bool IsLongSide(int64_t length) { return length >= kLeastPictureSide; }

// How a tensor that may be pictures, but was taken otherwise, is said to be them; empty where it
// hardly is one, or the results are the same.
std::string MatrixAsPicture(const Shape& shape) {
  if (!IsSide(shape[0]) || !IsSide(shape[1])) return "";
  return "a gray picture [H,W] must be reshaped to [H,W,1], which layout HWC takes";
}

std::string CubeAsPicture(const Shape& shape, bool first, bool across) {
  if (!IsSide(shape[1])) return "";
  if (!IsSide(shape[0])) {
    return IsSide(shape[2])
               ? "a picture [C,H,W] must be reshaped to [1,C,H,W], which layout NCHW takes"
               : "";
  }
  // Across channels that come last, one picture and a batch of its rows are the same.
  if (!first && across) return "";
  const bool few = !IsSide(shape[2]) || shape[2] < std::min(shape[0], shape[1]);
  return few ? "layout HWC takes it as one picture [H,W,C]" : "";
}

std::string BatchAsPictures(const Shape& shape, bool first) {
  const int64_t channels = shape[first ? 3 : 1];
  if (IsSide(channels) || !IsLongSide(shape[2]) || !IsLongSide(shape[first ? 1 : 3])) return "";
  return first ? "layout NHWC takes it as pictures [N,H,W,C]"
               : "layout NCHW takes it as pictures [N,C,H,W]";
}

}  // namespace

absl::StatusOr<normalize::LrnOptions> LrnOptionsFromProto(const v1::LrnOptions& options) {
  using normalize::Preset;
  normalize::LrnOptions out;
  TRINE_ASSIGN_OR_RETURN(const std::optional<Preset> preset,
                         EnumFromProto<Preset>(options.preset(), "options.preset"));
  out.preset = preset.value_or(Preset::kAlexnet);
  TRINE_ASSIGN_OR_RETURN(out.mode, EnumFromProto<normalize::Mode>(options.mode(), "options.mode"));
  TRINE_ASSIGN_OR_RETURN(out.layout,
                         EnumFromProto<normalize::Layout>(options.layout(), "options.layout"));
  TRINE_ASSIGN_OR_RETURN(out.alpha_scaling, EnumFromProto<normalize::AlphaScaling>(
                                                options.alpha_scaling(), "options.alpha_scaling"));
  TRINE_ASSIGN_OR_RETURN(out.even_window, EnumFromProto<normalize::EvenWindow>(
                                              options.even_window(), "options.even_window"));
  TRINE_ASSIGN_OR_RETURN(out.activation, EnumFromProto<normalize::Activation>(
                                             options.activation(), "options.activation"));
  if (options.has_size()) out.size = options.size();
  if (options.has_depth_radius()) out.depth_radius = options.depth_radius();
  if (options.has_alpha()) out.alpha = options.alpha();
  if (options.has_beta()) out.beta = options.beta();
  if (options.has_bias()) out.bias = options.bias();
  return out;
}

void ResolvedToProto(const normalize::Resolved& resolved, v1::LrnResolved* out) {
  out->set_preset(static_cast<v1::LrnPreset>(resolved.preset));
  out->set_mode(static_cast<v1::LrnMode>(resolved.mode));
  out->set_layout(static_cast<v1::LrnLayout>(resolved.layout));
  out->set_activation(static_cast<v1::LrnActivation>(resolved.activation));
  out->set_size(resolved.size);
  out->set_lo(resolved.lo);
  out->set_hi(resolved.hi);
  out->set_a(resolved.a);
  out->set_beta(resolved.beta);
  out->set_k(resolved.k);
}

std::optional<std::string> LayoutWarning(const normalize::LrnOptions& options,
                                         const normalize::Resolved& resolved, const Shape& shape) {
  if (options.layout.has_value()) return std::nullopt;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return std::nullopt;
  const bool first = resolved.layout == normalize::Layout::kChannelsFirst;
  std::string picture;
  switch (shape.size()) {
    case 2:
      picture = MatrixAsPicture(shape);
      break;
    case 3:
      picture = CubeAsPicture(shape, first, resolved.mode == normalize::Mode::kAcrossChannels);
      break;
    case 4:
      picture = BatchAsPictures(shape, first);
      break;
    default:
      break;
  }
  if (picture.empty()) return std::nullopt;
  constexpr const char* kFirst[] = {"[N,C]", "[N,C,W]", "[N,C,H,W]"};
  constexpr const char* kLast[] = {"[N,C]", "[N,W,C]", "[N,H,W,C]"};
  const size_t rank = shape.size();
  return absl::StrCat("a tensor of rank ", rank, " was taken as ",
                      (first ? kFirst : kLast)[rank - 2], " with ", shape[first ? 1 : rank - 1],
                      " channels; ", picture, ", ", first ? "NCHW" : "NHWC",
                      " says that it is none");
}

}  // namespace trine::server
