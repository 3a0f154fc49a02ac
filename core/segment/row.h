// Writing a row of the list of steps: parameters from the members of a step's struct, and functions
// that take the struct itself.
#pragma once

#include <any>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/segment/step.h"

namespace trine::segment {

// The names of an enum's values, from number 1 on: a struct's enum has an overload beside it.
template <typename Enum>
absl::Span<const std::string_view> NamesOf(Enum) = delete;

namespace internal {

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <typename T>
struct PlainOf {
  using Type = T;
};
template <typename T>
struct PlainOf<std::optional<T>> {
  using Type = T;
};
template <typename T>
using Plain = typename PlainOf<T>::Type;

template <typename T>
constexpr ParameterKind KindOf() {
  if constexpr (std::is_same_v<T, bool>) return ParameterKind::kFlag;
  if constexpr (std::is_enum_v<T>) return ParameterKind::kChoice;
  if constexpr (std::is_integral_v<T>) return ParameterKind::kInteger;
  if constexpr (std::is_same_v<T, std::vector<double>>) return ParameterKind::kReals;
  return ParameterKind::kReal;
}

template <typename T>
Value ToValue(const T& member) {
  if constexpr (kIsOptional<T>) {
    return member.has_value() ? ToValue(*member) : Value();
  } else if constexpr (KindOf<T>() == ParameterKind::kChoice ||
                       KindOf<T>() == ParameterKind::kInteger) {
    return static_cast<int64_t>(member);
  } else {
    return member;
  }
}

template <typename T>
void FromValue(const Value& value, T* member) {
  if constexpr (kIsOptional<T>) {
    FromValue(value, &member->emplace());
  } else if constexpr (KindOf<T>() == ParameterKind::kChoice ||
                       KindOf<T>() == ParameterKind::kInteger) {
    *member = static_cast<T>(std::get<int64_t>(value));
  } else {
    *member = std::get<T>(value);
  }
}

template <typename Member>
struct MemberTraits;
template <typename Struct, typename T>
struct MemberTraits<T Struct::*> {
  using Owner = Struct;
  using Type = T;
};

}  // namespace internal

// A parameter that is the member `kMember` of a step's struct.
template <auto kMember>
Parameter Param(std::string_view name, std::string_view about, Range range = {},
                std::string_view fallback = {}) {
  using Owner = typename internal::MemberTraits<decltype(kMember)>::Owner;
  using T = typename internal::MemberTraits<decltype(kMember)>::Type;
  Parameter out;
  out.name = name;
  out.kind = internal::KindOf<internal::Plain<T>>();
  out.range = range;
  out.fallback = fallback;
  out.about = about;
  if constexpr (internal::KindOf<internal::Plain<T>>() == ParameterKind::kChoice)
    out.choices = NamesOf(internal::Plain<T>{});
  out.get = [](const std::any& parameters) {
    return internal::ToValue(std::any_cast<const Owner&>(parameters).*kMember);
  };
  out.set = [](const Value& value, std::any* parameters) {
    internal::FromValue(value, &(std::any_cast<Owner&>(*parameters).*kMember));
  };
  return out;
}

// `parameter`, which belongs to these values of the step's choice "method".
inline Parameter Of(std::vector<std::string_view> methods, Parameter parameter) {
  parameter.of = std::move(methods);
  return parameter;
}

template <typename Parameters>
using RunStep = absl::Status (*)(State&, const Parameters&);
template <typename Parameters>
using CheckStep = absl::Status (*)(const StepToCheck&, const Parameters&);

// `row` with its functions.
template <typename Parameters>
StepSpec Row(StepSpec row, RunStep<Parameters> run, CheckStep<Parameters> check = nullptr) {
  row.defaults = Parameters();
  row.run = [run](State& state, const std::any& parameters) {
    return run(state, std::any_cast<const Parameters&>(parameters));
  };
  if (check != nullptr) {
    row.check = [check](const StepToCheck& step, const std::any& parameters) {
      return check(step, std::any_cast<const Parameters&>(parameters));
    };
  }
  return row;
}

}  // namespace trine::segment
