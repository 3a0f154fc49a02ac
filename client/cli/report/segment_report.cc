#include "client/cli/report/segment_report.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/flags/enum_text.h"
#include "client/cli/flags/named_steps.h"
#include "client/cli/path_names.h"
#include "client/cli/report/digits.h"
#include "client/cli/report/metrics_report.h"
#include "client/cli/spelling.h"
#include "core/segment/metrics.h"

namespace trine::cli {
namespace {

constexpr int kShownRegions = 10;

// The shortest text that reads back as the same number; whole numbers without ".0".
std::string Exact(double value) {
  std::string text = Json(value).dump();
  if (absl::EndsWith(text, ".0")) text.resize(text.size() - 2);
  return text;
}

// Calls use(name, value) for each measurement in the protocol's order; null for one that the region
// does not have.
template <typename Use>
void ForMeasurements(const v1::Region& region, const Use& use) {
  using google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *region.GetReflection();
  const google::protobuf::Descriptor& fields = *v1::Region::descriptor();
  for (int i = 0; i < fields.field_count(); ++i) {
    const FieldDescriptor* const field = fields.field(i);
    const std::string name(field->name());
    if (field->has_presence() && !reflection.HasField(region, field)) {
      use(name, Json());
      continue;
    }
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT64:
        use(name, Json(reflection.GetInt64(region, field)));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        use(name, Json(reflection.GetBool(region, field)));
        break;
      default:
        use(name, Json(reflection.GetDouble(region, field)));
    }
  }
}

Json RegionJson(const v1::Region& region) {
  Json out;
  ForMeasurements(region, [&](const std::string& name, Json value) {
    if (!value.is_null()) out[name] = std::move(value);
  });
  return out;
}

std::string ThresholdsText(const v1::ThresholdResult& t, const char* separator) {
  return absl::StrJoin(t.thresholds(), separator,
                       [](std::string* out, double v) { absl::StrAppend(out, Exact(v)); });
}

// A field of a CSV line, in quotes where it has to be (RFC 4180).
std::string CsvField(const std::string& text) {
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

constexpr char kLineFormat[] = "%s  %14s  %12s  %12s  %8s";

// Names are cut to columns by their bytes: a longer one shifts its own line only.
std::string Padded(std::string name, size_t width) {
  name.resize(std::max(width, name.size()), ' ');
  return name;
}

// So that the means of classes that have pixels read differently.
int DigitsOfMeans(const v1::ThresholdResult& t) {
  int digits = DigitsOf(0, 0);
  const v1::ThresholdClass* last = nullptr;
  for (const v1::ThresholdClass& one : t.classes()) {
    if (one.weight() <= 0) continue;
    if (last != nullptr) digits = std::max(digits, DigitsOf(last->mean(), one.mean()));
    last = &one;
  }
  return digits;
}

void PrintThresholds(const Session& session, const v1::ThresholdResult& t) {
  const std::string values = ThresholdsText(t, ", ");
  std::string line =
      absl::StrCat(t.thresholds_size() == 1 ? "  threshold    " : "  thresholds   ", values);
  if (t.thresholds_size() == 1 && t.plateau_low() < t.plateau_high()) {
    absl::StrAppend(&line, " (the same from ", Exact(t.plateau_low()), " to ",
                    Exact(t.plateau_high()), ")");
  }
  session.PrintStatus(line);
  session.PrintStatus(absl::StrFormat("  separability %.6f", t.separability()));
  const int digits = DigitsOfMeans(t);
  for (int i = 0; i < t.classes_size(); ++i) {
    session.PrintStatus(absl::StrFormat("  class %-6d %.2f %% of the pixels, mean %s", i,
                                        t.classes(i).weight() * 100,
                                        NumberText(t.classes(i).mean(), digits)));
  }
}

// The parameters that its method has, by name, in the order of the list of steps.
std::vector<std::pair<std::string, Json>> LocalParameters(const v1::LocalThresholdResult& local) {
  std::vector<std::pair<std::string, Json>> out;
  const std::optional<NamedStep> method = FindNamedStep(EnumText(local.method()));
  if (!method) return out;  // a newer server's
  for (const segment::Parameter& parameter : method->spec->parameters) {
    const std::string name(parameter.name);
    const auto* field = local.GetDescriptor()->FindFieldByName(name);
    if (name == "method" || field == nullptr || !method->Takes(parameter)) continue;
    const auto& reflection = *local.GetReflection();
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT64) {
      out.emplace_back(name, reflection.GetInt64(local, field));
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_ENUM) {
      out.emplace_back(name, EnumText(*field->enum_type(), reflection.GetEnumValue(local, field)));
    } else {
      out.emplace_back(name, reflection.GetDouble(local, field));
    }
  }
  return out;
}

Json LocalJson(const v1::LocalThresholdResult& local) {
  Json json = {{"method", EnumText(local.method())}};
  for (const auto& [name, value] : LocalParameters(local)) json[name] = value;
  return json;
}

void PrintLocal(const Session& session, const v1::LocalThresholdResult& local) {
  std::string line = absl::StrCat("  local        ", EnumText(local.method()));
  for (const auto& [name, value] : LocalParameters(local)) {
    absl::StrAppend(&line, ", ", name, " ",
                    value.is_number_float() ? Exact(value.get<double>())
                    : value.is_string()     ? value.get<std::string>()
                                            : value.dump());
  }
  session.PrintStatus(line);
}

Json MethodJson(const v1::MethodThreshold& method) {
  Json json = {{"name", Dashed(method.name())}};
  if (method.has_threshold()) {
    json["threshold"] = method.threshold();
  } else {
    json["none"] = method.none();
  }
  return json;
}

// A line a method, numbers under each other by their points.
void PrintMethods(const Session& session, const v1::SegmentResponse& r) {
  size_t width = 0, digits = 0;
  const auto text = [](const v1::MethodThreshold& m) {
    return m.has_threshold() ? Exact(m.threshold()) : std::string("none");
  };
  for (const v1::MethodThreshold& method : r.method_thresholds()) {
    width = std::max(width, method.name().size());
    const std::string number = text(method);
    digits = std::max(digits, std::min(number.find('.'), number.size()));
  }
  for (const v1::MethodThreshold& method : r.method_thresholds()) {
    const std::string number = text(method);
    const size_t whole = std::min(number.find('.'), number.size());
    std::string line = absl::StrCat("  ", Padded(Dashed(method.name()), width), "  ",
                                    std::string(digits - whole, ' '), number);
    if (!method.has_threshold()) absl::StrAppend(&line, ": ", method.none());
    session.PrintStatus(line);
  }
}

// Of a multi-Otsu none is computed. REQUIRES: it is one threshold.
bool HasPlateau(const v1::ThresholdResult& t) {
  return t.plateau_low() != 0 || t.plateau_high() != 0 || t.thresholds(0) == 0;
}

// How many labels there are, or where that is not known the largest.
std::string LabelsText(const v1::SegmentResponse& r, bool counts_labels) {
  if (r.regions_size() > 0) return absl::StrCat(r.regions_size());
  const bool is_number = counts_labels || r.label_count() == 0;
  return absl::StrCat(is_number ? "" : "up to ", r.label_count());
}

segment::MaskMetrics MetricsOf(const v1::MaskMetrics& m) {
  return {.true_positives = m.true_positives(),
          .false_positives = m.false_positives(),
          .false_negatives = m.false_negatives(),
          .true_negatives = m.true_negatives(),
          .precision = m.precision(),
          .recall = m.recall(),
          .f_measure = m.f_measure(),
          .pseudo_precision = m.pseudo_precision(),
          .pseudo_recall = m.pseudo_recall(),
          .pseudo_f_measure = m.pseudo_f_measure(),
          .psnr = m.psnr(),
          .drd = m.drd(),
          .dice = m.dice(),
          .iou = m.iou()};
}

}  // namespace

Json SegmentJson(const v1::SegmentResponse& r, const Asked& asked) {
  Json json;
  json["height"] = r.height();
  json["width"] = r.width();
  if (r.threshold().thresholds_size() == 1) json["threshold"] = r.threshold().thresholds(0);
  json["thresholds"] = Json::array();
  for (const double value : r.threshold().thresholds()) json["thresholds"].push_back(value);
  if (r.has_threshold()) {
    if (r.threshold().thresholds_size() == 1 && HasPlateau(r.threshold())) {
      json["plateau"] = {r.threshold().plateau_low(), r.threshold().plateau_high()};
    }
    json["separability"] = r.threshold().separability();
    json["classes"] = Json::array();
    for (const v1::ThresholdClass& c : r.threshold().classes()) {
      json["classes"].push_back({{"weight", c.weight()}, {"mean", c.mean()}});
    }
  }
  if (r.has_local_threshold()) json["local_threshold"] = LocalJson(r.local_threshold());
  if (r.has_histogram()) {
    Json counts = Json::array();
    for (const uint64_t count : r.histogram().counts()) counts.push_back(count);
    json["histogram"] = {
        {"low", r.histogram().low()}, {"bin_width", r.histogram().bin_width()}, {"counts", counts}};
  }
  if (r.has_mask_metrics()) json["mask_metrics"] = MetricsJson(MetricsOf(r.mask_metrics()));
  if (r.method_thresholds_size() > 0) {
    json["method_thresholds"] = Json::array();
    for (const v1::MethodThreshold& method : r.method_thresholds())
      json["method_thresholds"].push_back(MethodJson(method));
  }
  json["foreground_fraction"] = asked.has_mask ? Json(r.foreground_fraction()) : Json();
  json["ignored_pixels"] = r.ignored_pixels();
  json["label_count"] = r.label_count();
  json["regions"] = Json::array();
  for (const v1::Region& region : r.regions()) json["regions"].push_back(RegionJson(region));
  return json;
}

void PrintSegment(const Session& session, const std::string& title, const v1::SegmentResponse& r,
                  const Asked& asked) {
  session.PrintStatus(
      absl::StrCat(DisplayName(title), ": ", r.width(), " x ", r.height(), " pixels"));
  if (r.threshold().thresholds_size() > 0) PrintThresholds(session, r.threshold());
  if (asked.hysteresis) {
    session.PrintStatus(absl::StrCat("  hysteresis   low ", Exact(asked.hysteresis->low), ", high ",
                                     Exact(asked.hysteresis->high)));
  }
  if (r.has_local_threshold()) PrintLocal(session, r.local_threshold());
  PrintMethods(session, r);
  if (asked.has_mask) {
    session.PrintStatus(absl::StrFormat("  foreground   %.4f %%", r.foreground_fraction() * 100));
  } else if (r.method_thresholds_size() == 0) {
    session.PrintStatus(absl::StrCat("  no mask      the gray picture after ", asked.steps,
                                     " is not parted; otsu, for one, would part it"));
  }
  if (r.has_mask_metrics()) {
    for (const std::string& line : MetricsLines(MetricsOf(r.mask_metrics())))
      session.PrintStatus(absl::StrCat("  ", line));
  }
  if (r.ignored_pixels() > 0)
    session.PrintStatus(absl::StrFormat("  ignored      %d pixels", r.ignored_pixels()));
  if (r.label_count() > 0 || r.regions_size() > 0) {
    std::string line = absl::StrCat("  labels       ", LabelsText(r, asked.counts_labels));
    const int64_t last = r.regions_size() > 0 ? r.regions(r.regions_size() - 1).label() : 0;
    if (last != r.regions_size()) absl::StrAppend(&line, ", the largest ", last);
    session.PrintStatus(line);
  }
  if (r.contours_size() > 0)
    session.PrintStatus(absl::StrFormat("  contours     %d", r.contours_size()));
  const int shown = std::min(kShownRegions, r.regions_size());
  if (shown == 0) return;
  session.PrintStatus(absl::StrFormat("  %6s %10s %8s %8s %8s %8s %10s %10s %10s", "label", "area",
                                      "min y", "min x", "max y", "max x", "centre y", "centre x",
                                      "mean"));
  for (int i = 0; i < shown; ++i) {
    const v1::Region& g = r.regions(i);
    session.PrintStatus(absl::StrFormat(
        "  %6d %10d %8d %8d %8d %8d %10.2f %10.2f %10.4g", g.label(), g.area(), g.min_y(),
        g.min_x(), g.max_y(), g.max_x(), g.centroid_y(), g.centroid_x(), g.mean_intensity()));
  }
  if (r.regions_size() > shown) {
    session.PrintStatus(absl::StrCat("  ... and ", r.regions_size() - shown, " more regions"));
  }
}

std::string SegmentLineHead(size_t name_width, bool compares) {
  return absl::StrFormat(kLineFormat, Padded("file", name_width), "width x height", "threshold",
                         "foreground", "labels") +
         (compares ? "  F-measure" : "");
}

std::string SegmentLine(const std::string& input, size_t name_width, const v1::SegmentResponse& r,
                        const Asked& asked) {
  const std::string thresholds = ThresholdsText(r.threshold(), ",");
  std::string line = absl::StrFormat(
      kLineFormat, Padded(DisplayName(input), name_width),
      absl::StrCat(r.width(), " x ", r.height()), thresholds.empty() ? "-" : thresholds,
      asked.has_mask ? absl::StrFormat("%.4f %%", r.foreground_fraction() * 100) : "-",
      asked.has_mask ? LabelsText(r, asked.counts_labels) : "-");
  if (r.has_mask_metrics())
    absl::StrAppendFormat(&line, "  %7.3f %%", r.mask_metrics().f_measure());
  return line;
}

std::string RegionsCsvHead() {
  std::string head;
  ForMeasurements({},
                  [&](const std::string& name, const Json&) { absl::StrAppend(&head, name, ","); });
  return head + "file\n";
}

std::string RegionsCsv(const std::string& input, const v1::SegmentResponse& r) {
  const std::string end = "," + CsvField(input == "-" ? "stdin" : input) + "\n";
  std::string csv;
  for (const v1::Region& region : r.regions()) {
    std::vector<std::string> row;
    ForMeasurements(region, [&](const std::string&, const Json& value) {
      row.push_back(value.is_number_float() ? Exact(value.get<double>())
                    : value.is_null()       ? ""
                    : value.is_boolean()    ? value.get<bool>() ? "1" : "0"
                                            : value.dump());
    });
    absl::StrAppend(&csv, absl::StrJoin(row, ","), end);
  }
  return csv;
}

std::string ContoursFile(const v1::SegmentResponse& r) {
  Json file;
  file["height"] = r.height();
  file["width"] = r.width();
  file["contours"] = Json::array();
  for (const v1::Contour& contour : r.contours()) {
    Json points = Json::array();
    for (int i = 0; i + 1 < contour.points_size(); i += 2) {
      points.push_back({contour.points(i), contour.points(i + 1)});
    }
    file["contours"].push_back({{"points", points},
                                {"label", contour.label()},
                                {"is_hole", contour.is_hole()},
                                {"next", contour.next()},
                                {"previous", contour.previous()},
                                {"child", contour.child()},
                                {"parent", contour.parent()}});
  }
  return ToLine(file) + "\n";
}

}  // namespace trine::cli
