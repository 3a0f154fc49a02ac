#include "client/cli/flags/lrn_flags.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/flags/enum_text.h"

namespace trine::cli {
namespace {

template <typename E>
void AddEnum(Command command, const std::string& flag, std::string* value,
             const std::string& help) {
  command->add_option(flag, *value, help)->check(IsMember(EnumNames<E>()))->type_name("NAME");
}

}  // namespace

void AddLrnFlags(Command command, LrnFlags* f) {
  AddEnum<v1::LrnPreset>(command, "--preset", &f->preset,
                         "Framework whose convention fills in the rest. Default: alexnet");
  AddEnum<v1::LrnMode>(command, "--mode", &f->mode,
                       "What the window slides over. Default: across-channels");
  AddEnum<v1::LrnLayout>(command, "--layout", &f->layout,
                         "Where the channels are. Default: pictures hwc; arrays nchw, with preset "
                         "tensorflow nhwc");
  auto size = command
                  ->add_option("--size", f->size,
                               "Window size n, 1 to 65535 [elements]. Default: the preset's")
                  ->type_name("N");
  command
      ->add_option("--depth-radius", f->depth_radius,
                   "Taps on either side r, n = 2r + 1, 0 to 32767. Default: the preset's")
      ->type_name("R")
      ->excludes(size);
  command->add_option("--alpha", f->alpha, "Factor of the sum of squares. Default: the preset's")
      ->type_name("X");
  command->add_option("--beta", f->beta, "Exponent. Default: the preset's")->type_name("X");
  command->add_option("--bias", f->bias, "Additive constant k. Default: the preset's")
      ->type_name("X");
  AddEnum<v1::LrnAlphaScaling>(command, "--alpha-scaling", &f->alpha_scaling,
                               "What alpha is divided by: sum (nothing), size (n), size-pow-d "
                               "(n^d). Default: the preset's");
  AddEnum<v1::LrnEvenWindow>(command, "--even-window", &f->even_window,
                             "Where the extra tap of an even --size goes. Default: the preset's");
  AddEnum<v1::LrnActivation>(command, "--activation", &f->activation,
                             "Applied to the input first. Default: none");
  f->scale_given =
      command
          ->add_option("--scale", f->scale,
                       "Multiply the input first, such as 0.00392156862745098. Default: 1")
          ->type_name("X");
}

absl::Status CheckLrnFlags(const LrnFlags& f) {
  if (!std::isfinite(f.scale)) return UsageError("--scale must be finite");
  if (f.even_window.empty() || (f.size.has_value() && *f.size % 2 == 0)) return absl::OkStatus();
  if (f.size.has_value()) {
    return UsageError(absl::StrCat("--even-window does not go with --size ", *f.size,
                                   ": an odd size has no extra tap"));
  }
  return UsageError(
      "--even-window needs an even --size: those of the presets and of --depth-radius are odd");
}

v1::LrnOptions ToLrnOptions(const LrnFlags& f) {
  v1::LrnOptions options;
  const auto set = [](const std::string& text, auto parse, auto assign) {
    if (const auto value = parse(text)) assign(*value);
  };
  set(f.preset, ParseEnumText<v1::LrnPreset>, [&](auto v) { options.set_preset(v); });
  set(f.mode, ParseEnumText<v1::LrnMode>, [&](auto v) { options.set_mode(v); });
  set(f.layout, ParseEnumText<v1::LrnLayout>, [&](auto v) { options.set_layout(v); });
  set(f.alpha_scaling, ParseEnumText<v1::LrnAlphaScaling>,
      [&](auto v) { options.set_alpha_scaling(v); });
  set(f.even_window, ParseEnumText<v1::LrnEvenWindow>, [&](auto v) { options.set_even_window(v); });
  set(f.activation, ParseEnumText<v1::LrnActivation>, [&](auto v) { options.set_activation(v); });
  if (f.size.has_value()) options.set_size(*f.size);
  if (f.depth_radius.has_value()) options.set_depth_radius(*f.depth_radius);
  if (f.alpha.has_value()) options.set_alpha(*f.alpha);
  if (f.beta.has_value()) options.set_beta(*f.beta);
  if (f.bias.has_value()) options.set_bias(*f.bias);
  return options;
}

}  // namespace trine::cli
