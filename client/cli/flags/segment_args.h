// The options of "trine segment".
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/command_line.h"
#include "client/cli/files/outputs.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

// What is written of an input: pictures, one of which --emit names, and contours. JSON and files
// ("a.mask.png") have these names too.
inline constexpr std::array kSegmentOutputs = {"mask",   "labels",    "overlay",
                                               "cutout", "histogram", "contours"};
// The flags that name their files, in that order.
inline constexpr std::array kSegmentOutputFlags = {"-o",       "--labels",    "--overlay",
                                                   "--cutout", "--histogram", "--contours"};
// How their files are named.
inline constexpr std::array kSegmentOutputNames = {
    ".png, .tif, .pgm, .pbm or .npy", ".png, .tif, .pgm or .npy",
    ".png, .tif, .ppm or .npy",       ".png, .tif, .pgm (gray), .ppm (colour) or .npy",
    ".png, .tif, .ppm or .npy",       ".json or .txt"};
enum SegmentOutput : uint8_t { kMask, kLabels, kOverlay, kCutout, kHistogram, kContours };

struct SegmentArgs {
  std::vector<std::string> inputs;
  Outputs outputs;            // the mask, or what `emit` says
  std::string emit = "mask";  // with --out-dir: a picture of kSegmentOutputs
  Flag emit_given;
  bool summary = false;
  bool force = false;
  bool plot = false;
  std::string labels, overlay, cutout, histogram, contours, csv;
  bool fill = false;  // areas in the overlay

  bool help_steps = false;      // --help-steps or --steps help: nothing else is done
  bool steps_markdown = false;  // for docs/segment-steps.md

  std::string method = "otsu";
  std::string steps;
  std::string before;  // steps that change the picture, before the method's
  // Of the method's step, by the parameters' names: texts (empty: not given) and flags. Lists of
  // numbers, of which there is one, are the thresholds.
  std::map<std::string, std::string> parameters;
  std::map<std::string, bool> switches;
  std::vector<double> thresholds;
  bool invert = false;
  std::optional<int> channel;
  std::string mask, markers, ground_truth;
  bool dark_truth = false;
  std::string profile;
  std::string nan;
  bool fill_holes = false;
  bool components = false;
  std::optional<int64_t> min_area;
  std::optional<int> connectivity;
  bool lines = false;
  std::optional<double> marker_height;
  // Of the three files above, a page each; absent: the input's.
  std::optional<int64_t> mask_page, markers_page, ground_truth_page;
  std::string page;  // a number, "all", or empty: the first, with a warning where there are more
};

// What goes with the inputs, one row a file: its flag, that of its page, and where they are.
struct Companion {
  const char* flag;
  const char* page_flag;
  std::string SegmentArgs::*path;
  std::optional<int64_t> SegmentArgs::*page;
  v1::Image* (v1::SegmentRequest::*image)();
};
inline constexpr Companion kCompanions[] = {
    {"--mask", "--mask-page", &SegmentArgs::mask, &SegmentArgs::mask_page,
     &v1::SegmentRequest::mutable_mask},
    {"--markers", "--markers-page", &SegmentArgs::markers, &SegmentArgs::markers_page,
     &v1::SegmentRequest::mutable_markers},
    {"--ground-truth", "--ground-truth-page", &SegmentArgs::ground_truth,
     &SegmentArgs::ground_truth_page, &v1::SegmentRequest::mutable_ground_truth},
};

void AddSegmentFlags(Command command, SegmentArgs* args);

}  // namespace trine::cli
