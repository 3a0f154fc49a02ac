// What tests leave out of sanitized builds.
#pragma once

namespace trine {

// Sanitized code takes ten times as long: tests of many examples take fewer of them there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// Whether an example of a loop is left out: of a sanitized build all but every `one_in`.
class FewerSanitized {
 public:
  explicit FewerSanitized(int one_in) : one_in_(one_in) {}
  bool Skips() { return kSanitized && seen_++ % one_in_ != 0; }

 private:
  int one_in_, seen_ = 0;
};

}  // namespace trine
