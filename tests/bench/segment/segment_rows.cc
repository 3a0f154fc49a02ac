#include "tests/bench/segment/segment_rows.h"

#include <utility>

namespace trine::bench {
namespace {

void AddThresholds(std::vector<Case>* out) {
  const std::vector<Case> rows = {
      {"otsu.u8.apply", "u8", "otsu", "otsu"},
      {"otsu.u16.apply", "u16", "otsu", "otsu"},
      {"otsu.float.apply", "float", "otsu", ""},
      {"otsu.u8.inside", "u8", "otsu", "", 0, Against::kItself},
      {"otsu.u16.inside", "u16", "otsu", "", 0, Against::kItself},
      {"multi_otsu.u8.k4", "u8", "multi_otsu:classes=4", "multi_otsu 4"},
      {"multi_otsu.u8.k5", "u8", "multi_otsu:classes=5", "multi_otsu 5"},
      {"multi_otsu.u8.k4.search", "u8", "multi_otsu:classes=4", "", 0, Against::kNobody},
      {"multi_otsu.u8.k5.search", "u8", "multi_otsu:classes=5", "", 0, Against::kNobody},
      {"multi_otsu.u16.k5", "u16", "multi_otsu:classes=5"},
  };
  out->insert(out->end(), rows.begin(), rows.end());
}

void AddLocal(std::vector<Case>* out) {
  const std::string local = "local_threshold:method=";
  const std::vector<std::string> kinds = {"u8", "u16", "float"};
  for (const std::string window : {"11", "51"}) {
    for (const std::string& kind : kinds)
      out->push_back({"local.mean." + kind + ".w" + window, kind, local + "mean:window=" + window,
                      "mean " + window, 0.1});
    out->push_back({"local.gaussian.u8.w" + window, "u8", local + "gaussian:window=" + window,
                    "gaussian " + window, 0.1});
  }
  const std::vector<std::string> ranges = {"128", "32768", "0.5"};
  for (size_t i = 0; i < kinds.size(); ++i)
    out->push_back({"local.sauvola." + kinds[i] + ".w25", kinds[i],
                    local + "sauvola:window=25:k=0.2:r=" + ranges[i], "sauvola 25", 0.02});
}

void AddFilters(std::vector<Case>* out) {
  out->push_back({"smooth.median.u8.r5", "u8", "smooth:method=median:radius=5", "median 5", 0.05});
  out->push_back(
      {"smooth.gaussian.u8.sigma5", "u8", "smooth:method=gaussian:sigma=5", "smooth 5", 0.05});
  out->push_back({"background.top_hat.u8.r25", "u8", "background:method=top_hat:radius=25",
                  "top_hat 25", 0.05});
}

Case OnMask(std::string name, std::string mask, std::string steps, std::string work, Form form) {
  return {.name = std::move(name),
          .picture = "u8",
          .steps = std::move(steps),
          .work = std::move(work),
          .form = form,
          .mask = std::move(mask)};
}

void AddRegions(std::vector<Case>* out) {
  out->push_back(
      OnMask("components.8", "mask", "components:connectivity=8", "components", Form::kLabels));
  out->push_back(OnMask("components.8.runs", "mask", "components:connectivity=8", "components",
                        Form::kLabels));
  out->back().label_image = false;
  out->push_back(OnMask("components.measure", "mask", "components:connectivity=8,measure", "boxes",
                        Form::kBoxes));
  out->push_back(OnMask("fill_holes", "mask", "fill_holes", "fill_holes", Form::kForeground));
  out->push_back(OnMask("distance.exact", "mask", "distance", "distance", Form::kDistance));
  out->push_back(OnMask("distance.far", "far", "distance", "distance", Form::kDistance));
  out->push_back({.name = "watershed.u8",
                  .picture = "u8",
                  .steps = "watershed:markers=given:relief=gray",
                  .work = "watershed",
                  // Where markers meet at one value, of which a made picture has many.
                  .may_differ = 1e-3,
                  .form = Form::kLabels,
                  .markers = true,
                  // It floods by differences between neighbours.
                  .unlike = "opencv"});
  out->push_back(OnMask("contours", "mask", "contours", "contours", Form::kContours));
  out->push_back(
      OnMask("measure", "mask", "components:connectivity=8,measure", "measure", Form::kMeasures));
  out->push_back({.name = "chain.u8",
                  .picture = "u8",
                  .steps = "otsu,fill_holes,components,distance,watershed,measure",
                  .work = "chain",
                  .may_differ = 0.03,
                  .form = Form::kLabels});
}

}  // namespace

std::vector<Case> Cases() {
  std::vector<Case> out;
  AddThresholds(&out);
  AddLocal(&out);
  AddFilters(&out);
  AddRegions(&out);
  return out;
}

}  // namespace trine::bench
