#include "client/cli/report/damage_report.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace trine::cli {

void DamagesToJson(const v1::DecodeStreamSummary& summary, Json* json) {
  Json damages = Json::array();
  for (const v1::Damage& damage : summary.damages()) {
    Json one;
    if (damage.has_block()) one["block"] = damage.block();
    one["raw_offset"] = damage.raw_offset();
    one["raw_bytes"] = damage.raw_bytes();
    one["coded_offset"] = damage.coded_offset();
    one["reason"] = damage.reason();
    damages.push_back(std::move(one));
  }
  (*json)["damages_total"] = summary.damages_total();
  (*json)["blocks_lost"] = summary.blocks_lost();
  (*json)["raw_bytes_lost"] = summary.raw_bytes_lost();
  (*json)["damages"] = std::move(damages);
}

void PrintDamages(const v1::DecodeStreamSummary& summary, const Session& session) {
  constexpr int kShown = 20;
  for (int i = 0; i < std::min(kShown, summary.damages_size()); ++i) {
    const v1::Damage& damage = summary.damages(i);
    const std::string lost = damage.raw_bytes() == 0
                                 ? std::string("at raw offset ")
                                 : absl::StrCat(damage.raw_bytes(), " bytes lost at raw offset ");
    session.PrintStatus(absl::StrCat("  ", lost, damage.raw_offset(), ": ", damage.reason(),
                                     " (byte offset ", damage.coded_offset(), ")"));
  }
  if (summary.damages_total() > kShown) {
    session.PrintStatus(absl::StrCat("  ... and ", summary.damages_total() - kShown, " more"));
  }
}

}  // namespace trine::cli
