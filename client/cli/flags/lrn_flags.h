// The options of local response normalization on the command line.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "client/cli/command_line.h"
#include "trine/v1/normalization.pb.h"

namespace trine::cli {

struct LrnFlags {
  std::string preset, mode, layout, alpha_scaling, even_window, activation;
  std::optional<int64_t> size, depth_radius;
  std::optional<double> alpha, beta, bias;
  double scale = 1;
  Flag scale_given;
};

void AddLrnFlags(Command command, LrnFlags* flags);

// What no server is asked about: the flags whose values the command line itself works with, and
// those that would have no effect.
absl::Status CheckLrnFlags(const LrnFlags& flags);

// What the flags say; what they leave out stays the preset's.
v1::LrnOptions ToLrnOptions(const LrnFlags& flags);

}  // namespace trine::cli
