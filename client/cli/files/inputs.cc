#include "client/cli/files/inputs.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/errors.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/path_names.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/image/image.h"

namespace trine::cli {
namespace {

namespace fs = std::filesystem;

// The files of one folder and of those in it.
class Walk {
 public:
  Walk(std::string top, Takes takes, const std::string& out_dir, Inputs* found)
      : top_(std::move(top)), takes_(takes), out_dir_(out_dir), found_(found) {}

  absl::Status Run() { return Folder(""); }

 private:
  // `below`: the path from the top, with a slash at its end; empty for the top.
  absl::Status Folder(const std::string& below) {
    const std::string path = Join(top_, below);
    std::error_code error;
    fs::directory_iterator at(path, error);
    std::vector<fs::directory_entry> entries;
    for (; !error && at != fs::directory_iterator(); at.increment(error)) entries.push_back(*at);
    if (error) return FileError("cannot read", path, error.value(), true);
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.path().native() < b.path().native(); });
    for (const fs::directory_entry& entry : entries) TRINE_RETURN_IF_ERROR(Take(entry, below));
    return absl::OkStatus();
  }

  absl::Status Take(const fs::directory_entry& entry, const std::string& below) {
    std::error_code error;
    const fs::file_status status = entry.symlink_status(error);
    if (error) return FileError("cannot read", entry.path().native(), error.value(), true);
    const std::string name = absl::StrCat(below, entry.path().filename().native());
    if (fs::is_symlink(status)) {
      ++found_->links;
    } else if (fs::is_directory(status)) {
      // Outputs of an earlier run are no inputs of this one.
      if (out_dir_.empty() || !fs::equivalent(entry.path(), out_dir_, error)) {
        return Folder(absl::StrCat(name, "/"));
      }
    } else if (fs::is_regular_file(status) && takes_(name)) {
      found_->list.push_back({Join(top_, name), name});
    } else {
      ++found_->others;
    }
    return absl::OkStatus();
  }

  static std::string Join(const std::string& folder, const std::string& rest) {
    if (rest.empty()) return folder;
    return absl::StrCat(folder, absl::EndsWith(folder, "/") ? "" : "/", rest);
  }

  const std::string top_;
  const Takes takes_;
  const std::string& out_dir_;
  Inputs* found_;
};

absl::Status CheckStdinIsLed() {
  if (isatty(STDIN_FILENO) == 0) return absl::OkStatus();
  return UsageError("IN is missing, and stdin is a terminal: name a file, or - for stdin");
}

}  // namespace

bool TakesUncoded(const std::string& name) { return !TakesCoded(name); }
bool TakesCoded(const std::string& name) { return absl::EndsWith(name, kCodedSuffix); }
bool TakesPictures(const std::string& name) { return image::FormatOfExtension(name).has_value(); }

std::string Inputs::Note() const {
  std::vector<std::string> parts;
  if (links > 0) parts.push_back(absl::StrCat(links, " symbolic link", links == 1 ? "" : "s"));
  if (others > 0) {
    parts.push_back(absl::StrCat(others, " file", others == 1 ? "" : "s", " of other kinds"));
  }
  return parts.empty() ? "" : absl::StrCat("passed over: ", absl::StrJoin(parts, " and "));
}

absl::StatusOr<Inputs> FindInputs(const std::vector<std::string>& paths, bool recursive,
                                  Takes takes, const std::string& out_dir) {
  Inputs found;
  if (paths.empty()) {
    if (recursive) return UsageError("-r needs folders to walk");
    TRINE_RETURN_IF_ERROR(CheckStdinIsLed());
    found.list.push_back({"-", "-"});
    return found;
  }
  TRINE_RETURN_IF_ERROR(CheckStdinOnce(paths));
  for (const std::string& path : paths) {
    std::error_code error;
    if (IsStdin(path)) {
      found.list.push_back({"-", "-"});
    } else if (recursive && fs::is_directory(path, error)) {
      TRINE_RETURN_IF_ERROR(Walk(path, takes, out_dir, &found).Run());
    } else {
      found.list.push_back({path, BaseName(path)});
    }
  }
  if (!found.list.empty()) return found;
  const std::string note = found.Note();
  return UsageError(absl::StrCat("no file to take in ", absl::StrJoin(paths, ", "),
                                 note.empty() ? "" : absl::StrCat(" (", note, ")")));
}

absl::Status CheckNoFolder(const Input& input) {
  std::error_code error;
  if (input.path == "-" || !fs::is_directory(input.path, error)) return absl::OkStatus();
  const absl::Status status = FileError("cannot read", input.path, EISDIR, true);
  ErrorDetail detail = *GetErrorDetail(status);
  detail.limit = kFileOrRecursive;
  return MakeError(status.code(), detail, ToStd(status.message()));
}

absl::StatusOr<std::string> InputOrStdin(const std::string& path) {
  if (!path.empty()) return path;
  TRINE_RETURN_IF_ERROR(CheckStdinIsLed());
  return std::string("-");
}

}  // namespace trine::cli
