#include "core/segment/local/local_methods.h"

#include <array>
#include <iterator>
#include <vector>

namespace trine::segment {
namespace {

constexpr unsigned kKAndR = kTakesK | kTakesR | kTakesBorder;
constexpr LocalMethodSpec kMethods[] = {
    {LocalMethod::kMean, "mean", kTakesOffset | kTakesBorder, 0},
    {LocalMethod::kGaussian, "gaussian", kTakesOffset | kTakesSigma | kTakesBorder, 0},
    {LocalMethod::kSauvola, "sauvola", kKAndR, 0.2},
    {LocalMethod::kNiblack, "niblack", kTakesK | kTakesBorder, -0.2},
    {LocalMethod::kWolf, "wolf", kTakesK | kTakesBorder, 0.5},
    {LocalMethod::kNick, "nick", kTakesK | kTakesBorder, -0.2},
    {LocalMethod::kIsauvola, "isauvola", kKAndR, 0.2},
    {LocalMethod::kWan, "wan", kKAndR, 0.2},
    {LocalMethod::kBradley, "bradley", kTakesK | kTakesBorder, 0.15},
    {LocalMethod::kPhansalkar, "phansalkar", kKAndR | kTakesPAndQ, 0.25},
    {LocalMethod::kBernsen, "bernsen", kTakesContrast, 0},
    {LocalMethod::kContrast, "contrast", 0, 0},
    {LocalMethod::kLocalOtsu, "local_otsu", 0, 0},
    {LocalMethod::kTiledOtsu, "tiled_otsu", 0, 0},
};

constexpr std::array<std::string_view, std::size(kMethods)> NamesOfMethods() {
  std::array<std::string_view, std::size(kMethods)> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = kMethods[i].name;
  return names;
}
constexpr auto kNames = NamesOfMethods();
constexpr std::string_view kBorders[] = {"clip", "reflect", "mirror", "replicate"};

}  // namespace

absl::Span<const std::string_view> NamesOf(LocalMethod) { return kNames; }
absl::Span<const std::string_view> NamesOf(LocalBorder) { return kBorders; }

absl::Span<const LocalMethodSpec> LocalMethods() { return kMethods; }

const LocalMethodSpec& SpecOf(LocalMethod method) {
  return kMethods[static_cast<size_t>(method) - 1];
}

std::vector<std::string_view> MethodsThatTake(LocalParameter parameter) {
  std::vector<std::string_view> names;
  for (const LocalMethodSpec& spec : kMethods) {
    if ((spec.takes & parameter) != 0) names.push_back(spec.name);
  }
  return names;
}

}  // namespace trine::segment
