#include "core/base/text/field_names.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/strings.h"

namespace trine {
namespace {

constexpr std::string_view kInput = "the input";
constexpr bool kByInput = true;

constexpr FieldNames kFieldNames[] = {
    // What comes in chunks.
    {"", "chunked", kInput},
    // Normalization.
    {"", "tensor", kInput},
    {"", "tensor.data", kInput},
    {"", "output_gradient", "the gradient"},
    {"", "output_gradient.data", "the gradient"},
    {"", "options.preset", "--preset"},
    {"", "options.mode", "--mode"},
    {"", "options.layout", "--layout"},
    {"", "options.size", "--size"},
    {"", "options.depth_radius", "--depth-radius"},
    {"", "options.alpha", "--alpha"},
    {"", "options.beta", "--beta"},
    {"", "options.bias", "--bias"},
    {"", "options.alpha_scaling", "--alpha-scaling"},
    {"", "options.even_window", "--even-window"},
    {"", "options.activation", "--activation"},
    // Coding: what is coded and decoded.
    {"data", "data", kInput},
    {"data", "tensor.data", kInput},
    {"data", "image", kInput},
    {"data", "coded", kInput},
    {"data", "chunk", kInput},
    {"", "bits", "--shape"},
    {"", "content.bits", "--shape"},
    {"", "content.tensor", kInput},
    {"range", "range", "--range"},
    {"range", "header.range", "--range"},
    {"", "recover", "--recover"},
    {"", "max_blocks", "--max-blocks"},
    // Coding: models and tables.
    {"", "options.model", "--model"},
    {"", "options.order", "--order"},
    {"", "options.effort", "--effort"},
    {"", "options.block_bytes", "--block-size"},
    {"", "options.full_statistics", "--stats"},
    {"table", "options.table", "--table", kByInput},
    {"table.probabilities", "options.table.decimals", "--table.decimals", kByInput},
    {"options.tables[0]", "options.table", "--table", kByInput},
    {"", "options.tables", "--table", kByInput},
    {"options.tables", "options.table_ids", "--table-ids"},
    {"", "options.tables_by_id", "--table-ids"},
    {"", "table_index", "--table-index", kByInput},
    {"tables", "tables", "--table", kByInput},
    {"tables", "header.tables", "--table", kByInput},
    // The exact coder.
    {"message", "message", "the message"},
    {"max_steps", "options.max_steps", "--steps"},
    {"bits", "exact.bits", "--decode"},
    {"count", "exact.count", "--count"},
    {"table", "exact.table", "--table", kByInput},
    {"table.probabilities", "exact.table.decimals", "--table.decimals", kByInput},
    // Segmentation. The parameters of steps are named by the command line's own rule
    // (client/cli/flags/step_names.h).
    {"gray", "image.tensor", kInput},
    {"gray[", "image.tensor.data[", "the input["},
    {"gray", "image.encoded", kInput},
    {"", "image.page", "--page", kByInput},
    {"mask", "mask.tensor", "--mask", kByInput},
    {"mask[", "mask.tensor.data[", "--mask[", kByInput},
    {"mask", "mask.encoded", "--mask", kByInput},
    {"", "mask", "--mask", kByInput},
    {"markers", "markers.tensor", "--markers", kByInput},
    {"markers[", "markers.tensor.data[", "--markers[", kByInput},
    {"markers", "markers.encoded", "--markers", kByInput},
    {"", "markers", "--markers", kByInput},
    {"ground_truth", "ground_truth.tensor", "--ground-truth", kByInput},
    {"ground_truth[", "ground_truth.tensor.data[", "--ground-truth[", kByInput},
    {"ground_truth", "ground_truth.encoded", "--ground-truth", kByInput},
    {"", "ground_truth", "--ground-truth", kByInput},
    {"", "steps", "--steps"},
    {"", "profile", "--profile"},
    {"", "channel", "--channel", kByInput},
    {"", "invert", "--invert"},
    {"", "nan_policy", "--nan"},
    {"", "outputs.mask", "the mask", kByInput},
    {"", "outputs.cutout", "--cutout", kByInput},
    {"", "outputs.labels", "--labels", kByInput},
    {"", "outputs.format", "the output"},
};

// What texts of errors say of a request, and what the command line says for it.
struct Phrase {
  std::string_view request;
  std::string_view flag;
};
constexpr Phrase kPhrases[] = {
    {"a mask or nan_policy IGNORE leaves", "--mask or --nan ignore leaves"},
    {"name one with channel", "name one with --channel"},
    {"ask for TIFF or TENSOR", "name the label map .tif or .npy"},
    {", which invert does not swap", ", which --invert does not swap"},
    {"the layout HWC takes", "--layout hwc takes"},
    {"layout HWC takes", "--layout hwc takes"},
    {"layout NCHW takes", "--layout nchw takes"},
    {"layout NHWC takes", "--layout nhwc takes"},
    {", NCHW says that", ", --layout nchw says that"},
    {", NHWC says that", ", --layout nhwc says that"},
    {"it must be that of tensor, ", "it must be that of the input, "},
    {"is GIVEN; the request has no markers", "is given; --markers is not"},
    {"is markers; the request has none", "is markers; --markers is not given"},
};

// What is longer is more particular: it is tried first.
void SortByLength(std::vector<FieldName>& names) {
  std::stable_sort(names.begin(), names.end(), [](const FieldName& a, const FieldName& b) {
    return a.from.size() > b.from.size();
  });
}

bool IsIn(std::string_view path, std::string_view field) {
  return path.substr(0, field.size()) == field &&
         (path.size() == field.size() || path[field.size()] == '.');
}

}  // namespace

absl::Span<const FieldNames> AllFieldNames() { return kFieldNames; }

std::vector<FieldName> RequestNames(std::initializer_list<std::string_view> paths) {
  std::vector<FieldName> names;
  for (const FieldNames& row : kFieldNames) {
    if (row.core.empty()) continue;
    const bool wanted = std::any_of(paths.begin(), paths.end(), [&row](std::string_view path) {
      return IsIn(row.request, path);
    });
    if (wanted) names.push_back({std::string(row.core), std::string(row.request)});
  }
  SortByLength(names);
  return names;
}

const std::vector<FieldName>& FlagNames() {
  static const auto* const kNames = [] {
    auto* names = new std::vector<FieldName>;
    for (const FieldNames& row : kFieldNames) {
      for (const char* holder : {"", "header.", "item."}) {
        names->push_back({absl::StrCat(holder, ToAbsl(row.request)), std::string(row.flag)});
      }
    }
    SortByLength(*names);
    return names;
  }();
  return *kNames;
}

std::string InFlagWords(std::string text) {
  for (const Phrase& phrase : kPhrases) {
    const size_t at = text.find(phrase.request);
    if (at != std::string::npos) text.replace(at, phrase.request.size(), phrase.flag);
  }
  return text;
}

bool IsWrongAlone(std::string_view field) {
  if (field.substr(0, 2) != "--") return false;
  const std::string_view flag = field.substr(0, field.find_first_of(" .["));
  return std::none_of(std::begin(kFieldNames), std::end(kFieldNames),
                      [flag](const FieldNames& row) { return row.by_input && row.flag == flag; });
}

}  // namespace trine
