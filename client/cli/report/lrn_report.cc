#include "client/cli/report/lrn_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/flags/enum_text.h"

namespace trine::cli {

Json ResolvedJson(const v1::LrnResolved& r) {
  Json json;
  json["preset"] = EnumText(r.preset());
  json["mode"] = EnumText(r.mode());
  json["layout"] = EnumText(r.layout());
  json["activation"] = EnumText(r.activation());
  json["size"] = r.size();
  json["lo"] = r.lo();
  json["hi"] = r.hi();
  json["a"] = r.a();
  json["beta"] = r.beta();
  json["k"] = r.k();
  return json;
}

std::string ResolvedText(const v1::LrnResolved& r) {
  std::string text =
      absl::StrFormat("%s, %s, %s: y = x * (%g + %g * sum of squares)^-%g, %d below and %d above",
                      EnumText(r.preset()), EnumText(r.mode()), EnumText(r.layout()), r.k(), r.a(),
                      r.beta(), r.lo(), r.hi());
  if (r.activation() == v1::LRN_ACTIVATION_RELU) absl::StrAppend(&text, ", after ReLU");
  return text;
}

void PrintOutputScale(double output_scale, const Session& session) {
  if (output_scale == 1) return;
  session.PrintStatus(absl::StrFormat("  output: 16-bit integers, times %g", output_scale));
}

}  // namespace trine::cli
