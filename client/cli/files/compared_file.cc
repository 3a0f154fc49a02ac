#include "client/cli/files/compared_file.h"

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/files/array_file.h"
#include "client/cli/files/input_file.h"
#include "client/cli/path_names.h"
#include "client/options.h"
#include "core/base/error.h"
#include "core/image/image.h"

namespace trine::cli {
namespace {

absl::Status Read(std::optional<int64_t> page, std::string_view command, bool indices,
                  ComparedFile* out) {
  TRINE_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(out->path));
  TRINE_ASSIGN_OR_RETURN(const std::string bytes, file.ReadAll(client::kItemLimit));
  const ByteView view = AsBytes(bytes);
  if (image::HoldsArray(view)) {
    TRINE_ASSIGN_OR_RETURN(out->pixels, image::DecodeNpy(Context(), view, &out->warnings));
  } else {
    const absl::StatusOr<int64_t> pages = image::CountPages(Context(), view);
    out->has_pages = pages.ok() && *pages > 1;
    if (!out->has_pages) page.reset();
    const std::string others = absl::StrCat(std::string(command), " --page N takes another");
    const auto load = indices ? LoadLabels : LoadPicture;
    TRINE_ASSIGN_OR_RETURN(out->pixels, load(view, page, others, &out->warnings));
    out->is_lossy = image::IsLossy(Context(), view, page.value_or(0));
  }
  if (out->pixels.shape.size() == 3 && out->pixels.shape[2] == 1) out->pixels.shape.pop_back();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ComparedFile> ReadCompared(const std::string& path, std::optional<int64_t> page,
                                          std::string_view command, bool indices) {
  ComparedFile out;
  out.path = path;
  const absl::Status status = Read(page, command, indices, &out);
  if (!status.ok()) return WithFile(status, path);
  return out;
}

absl::Status CheckComparable(const ComparedFile& given, const ComparedFile& truth,
                             std::optional<int64_t> page, std::string_view what) {
  // Every file has page 0.
  if (page.value_or(0) > 0 && !given.has_pages && !truth.has_pages)
    return UsageError("--page is for files of several pages; neither of the two is one");
  if (given.pixels.shape == truth.pixels.shape) return absl::OkStatus();
  return WithFile(InputError(absl::StrCat("is ", ShapeToString(truth.pixels.shape), " and ",
                                          given.path, " ", ShapeToString(given.pixels.shape), "; ",
                                          std::string(what), " that are compared are of one size")),
                  truth.path);
}

std::vector<std::string> WarningsOf(const ComparedFile& given, const ComparedFile& truth) {
  std::vector<std::string> out;
  for (const ComparedFile* from : {&given, &truth}) {
    for (const std::string& warning : from->warnings)
      out.push_back(absl::StrCat(DisplayName(from->path), ": ", warning));
  }
  return out;
}

}  // namespace trine::cli
