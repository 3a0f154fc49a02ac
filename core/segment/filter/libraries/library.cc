#include "core/segment/filter/libraries/library.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/strings.h"

namespace trine::segment {
namespace {

struct NamedType {
  DType dtype;
  unsigned bit;
};
constexpr NamedType kTypes[] = {{DType::kUint8, kBytes},
                                {DType::kUint16, kWords},
                                {DType::kFloat32, kSingles},
                                {DType::kFloat64, kDoubles}};

// "a, b and c".
std::string Listed(const std::vector<std::string>& items) {
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? " and " : ", ";
    out += items[i];
  }
  return out;
}

std::string ProfilesOf(uint8_t method, absl::Span<const LibraryMethod> methods) {
  std::vector<std::string> names = {"exact"};
  for (const LibraryMethod& m : methods) {
    const std::string name(ProfileName(m.profile));
    if (m.method == method && names.back() != name) names.push_back(name);
  }
  return (names.size() == 1 ? "the profile " : "the profiles ") + Listed(names) + " only";
}

std::string TypesOf(unsigned types) {
  std::vector<std::string> names;
  for (const NamedType& type : kTypes) {
    if ((types & type.bit) != 0) names.emplace_back(DTypeName(type.dtype));
  }
  return Listed(names);
}

}  // namespace

absl::Status CheckLibrary(const StepToCheck& step, uint8_t method, std::string_view name,
                          absl::Span<const LibraryMethod> methods, int64_t radius) {
  const Profile profile = step.options.profile;
  if (profile == Profile::kExact) return absl::OkStatus();
  unsigned given = 0, types = 0;
  for (const NamedType& type : kTypes) {
    if (type.dtype == step.gray_type) given = type.bit;
  }
  int64_t most_radius = 0;
  for (const LibraryMethod& m : methods) {
    if (m.profile != profile || m.method != method) continue;
    types |= m.types;
    if ((m.types & given) != 0) most_radius = m.most_radius;
  }
  if (types == 0)
    return NotOffered("profile", absl::StrCat(ToAbsl(name), " has ", ProfilesOf(method, methods)));
  if ((types & given) == 0)
    return NotOffered("gray.dtype",
                      absl::StrCat(ToAbsl(name), " of profile ", ToAbsl(ProfileName(profile)),
                                   " takes ", TypesOf(types)));
  if (step.inputs.mask) return NotOffered("mask", "the profile's filters take none");
  if (radius <= most_radius) return absl::OkStatus();
  return InvalidField(step.Field("radius"), radius,
                      absl::StrCat("at most ", most_radius, " for ", ToAbsl(name), " of ",
                                   TypesOf(given), " in profile ", ToAbsl(ProfileName(profile))));
}

absl::Status CheckValues(const State& state) {
  const Picture& gray = state.gray;
  if (state.options.profile == Profile::kExact) return absl::OkStatus();
  if (gray.inside != nullptr) return NotOffered("gray", "the profile's filters leave no pixel out");
  if (state.options.profile != Profile::kImagej || gray.dtype != DType::kFloat32)
    return absl::OkStatus();
  return ParallelFor(
      state.context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
      [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) {
          if (std::fabs(PixelAt<float>(gray.data, static_cast<int64_t>(i))) > 0x1p120f)
            return NotOffered("gray", "the profile takes float32 at most 2^120 (1.3e36) from 0");
        }
        return absl::OkStatus();
      });
}

}  // namespace trine::segment
