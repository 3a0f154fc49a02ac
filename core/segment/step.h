// What a step of a segmentation is: a row of the list in steps.h and the values of its parameters.
//
// A row describes a step once: its name, its parameters with range and default, what it reads and
// writes, how it runs. Everything else (validation, the protocol's conversion, the command line's
// grammar, help and documentation) follows from it.
// Thread safety: as plain data.
#pragma once

#include <any>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/dtype.h"

namespace trine::segment {

enum class Profile : uint8_t;  // segment.h
class State;                   // pipeline.h
struct StepToCheck;            // validate.h

// A parameter's value: empty where it is not given and has no fixed default. A choice is its
// number.
using Value = std::variant<std::monostate, bool, int64_t, double, std::vector<double>>;

enum class ParameterKind : uint8_t {
  kFlag,
  kInteger,
  kReal,
  kReals,   // a list; the range is that of its length
  kChoice,  // one of names, numbered from 1; 0: left to the step
};

// Numbers that a parameter may be; reals are finite in any case.
struct Range {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool above = false;  // `least` itself is not allowed
  bool odd = false;    // odd, or 0 for the default
};
constexpr Range Between(double least, double most) { return {least, most, false, false}; }
constexpr Range AtLeast(double least) { return {.least = least}; }
constexpr Range Above(double least) { return {.least = least, .above = true}; }
constexpr Range OddBetween(double least, double most) { return {least, most, false, true}; }

struct Parameter {
  std::string_view name;  // as in the protocol: "min_area"
  ParameterKind kind = ParameterKind::kFlag;
  Range range;
  std::string_view fallback;  // the default in words, where its value does not say it
  std::string_view about;     // one sentence
  absl::Span<const std::string_view> choices;
  // The values of the step's choice "method" that it belongs to; empty: all. Given with another, it
  // is INVALID_ARGUMENT.
  std::vector<std::string_view> of;
  Value (*get)(const std::any& parameters) = nullptr;
  void (*set)(const Value& value, std::any* parameters) = nullptr;
};

// What steps read and write, as bits.
enum Map : unsigned {
  kGray = 1,
  kMask = 2,
  kLabels = 4,
  kDistance = 8,
  kMarkers = 16,
  kThresholds = 32,
  kRegions = 64,
  kContours = 128,
};
// "mask", "labels".
std::vector<std::string_view> MapNames(unsigned maps);

// Memory that a step works with beside the maps, at most [bytes]. Without a default: a row that
// does not say it does not compile.
struct Working {
  uint64_t a_pixel;
  uint64_t a_wide_pixel;  // of a picture of float64
  uint64_t a_level;       // of each distinct gray value; the tables to count them come on top
  uint64_t a_column;      // on each thread

  static constexpr Working Nothing() { return Working(0, 0, 0, 0); }
  static constexpr Working APixel(uint64_t bytes) { return APixel(bytes, bytes); }
  static constexpr Working APixel(uint64_t bytes, uint64_t wide) {
    return Working(bytes, wide, 0, 0);
  }
  // Either, what is more of them.
  static constexpr Working APixelOrColumn(uint64_t pixel, uint64_t column) {
    return Working(pixel, pixel, 0, column);
  }
  static constexpr Working ALevel(uint64_t bytes) { return Working(0, 0, bytes, 0); }
  static constexpr Working AColumn(uint64_t bytes) { return Working(0, 0, 0, bytes); }

 private:
  constexpr Working(uint64_t pixel, uint64_t wide, uint64_t level, uint64_t column)
      : a_pixel(pixel), a_wide_pixel(wide), a_level(level), a_column(column) {}
};

// A row of the list.
struct StepSpec {
  std::string_view name;   // as in the protocol: "fill_holes"
  std::string_view about;  // one sentence
  std::vector<Parameter> parameters;
  unsigned needs = 0;  // must have been made before
  unsigned uses = 0;   // read as well, where they are there or a parameter says so
  unsigned makes = 0;
  bool inverts = false;   // with Options::invert it marks what is dark
  unsigned profiles = 0;  // that may answer otherwise than EXACT, bits of ProfileBit (segment.h)
  // What depends on the pixels' values (regions, contours) the step reserves while it runs.
  Working working;
  // The type of the picture that it leaves of one of `gray`; null: `gray`.
  DType (*turns)(DType gray, Profile profile, const std::any& parameters) = nullptr;
  std::any defaults;  // the struct of parameters, as it is where nothing is given
  // What the ranges do not say; may be empty.
  std::function<absl::Status(const StepToCheck&, const std::any&)> check;
  std::function<absl::Status(State&, const std::any&)> run;

  const Parameter* Find(std::string_view parameter) const;  // null where there is none
};

// A step and its parameters.
class Step {
 public:
  explicit Step(const StepSpec& spec) : spec_(&spec), parameters_(spec.defaults) {}
  // From the struct of a step's parameters, such as MultiOtsuStep{4}. REQUIRES: a row has it.
  template <typename Parameters>
  requires(std::is_aggregate_v<Parameters> && !std::is_same_v<Parameters, StepSpec>) Step(
      Parameters parameters)  // NOLINT(google-explicit-constructor): steps are written as lists
      : spec_(&SpecOf(typeid(Parameters))), parameters_(std::move(parameters)) {}

  const StepSpec& spec() const { return *spec_; }
  const std::any& parameters() const { return parameters_; }
  // The type of the picture after the step, of one of `gray` before it.
  DType GrayAfter(DType gray, Profile profile) const {
    return spec_->turns == nullptr ? gray : spec_->turns(gray, profile, parameters_);
  }
  Value Get(const Parameter& parameter) const { return parameter.get(parameters_); }
  // REQUIRES: `parameter` is one of spec(), and `value` holds what its kind says.
  void Set(const Parameter& parameter, const Value& value) { parameter.set(value, &parameters_); }

 private:
  static const StepSpec& SpecOf(std::type_index parameters);

  const StepSpec* spec_;
  std::any parameters_;
};

// For people: "2 to 16", "at least 0", "odd, 3 to 65535, or 0 for the default", "4, 8".
std::string RangeText(const Parameter& parameter);
// For people: `about`, and before it what it belongs to: "sauvola: weight of the deviation".
std::string AboutText(const Parameter& parameter);
// For people: "3", "no", or what `fallback` says.
std::string DefaultText(const StepSpec& spec, const Parameter& parameter);

// INVALID_ARGUMENT naming `field` where `value` is not in the parameter's range.
absl::Status CheckRange(std::string_view field, const Parameter& parameter, const Value& value);
// INVALID_ARGUMENT naming `field` where the step has a value of `parameter` that is not the
// default, and a method that does not take it.
absl::Status CheckTaken(std::string_view field, const Step& step, const Parameter& parameter);

}  // namespace trine::segment
