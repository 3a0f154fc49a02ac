#include "server/convert/lrn.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/convert/enum.h"

namespace trine::server {
namespace {

// Gray and alpha, colour, colour and alpha.
constexpr int64_t kMostPictureChannels = 4;

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
  const bool like_a_picture = shape.size() == 3 && shape[0] > kMostPictureChannels &&
                              shape[1] > kMostPictureChannels && shape[2] > 0 &&
                              shape[2] <= kMostPictureChannels;
  const bool first = resolved.layout == normalize::Layout::kChannelsFirst;
  // Across channels that come last, one picture and a batch of its rows are the same.
  const bool same = !first && resolved.mode == normalize::Mode::kAcrossChannels;
  if (options.layout.has_value() || !like_a_picture || same) return std::nullopt;
  return absl::StrCat("a tensor of rank 3 was taken as ", first ? "[N,C,W]" : "[N,W,C]", " with ",
                      shape[first ? 1 : 2],
                      " channels; layout HWC takes it as one picture [H,W,C], ",
                      first ? "NCHW" : "NHWC", " says that it is none");
}

}  // namespace trine::server
