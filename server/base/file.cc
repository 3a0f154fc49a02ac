#include "server/base/file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace trine::server {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 20;

absl::Status Refuse(std::string_view option, const std::string& text) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   {.reason = "INVALID_FIELD", .field = std::string(option)}, text);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(std::string_view option, const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (file == nullptr)
    return Refuse(option, absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  std::string text(kMaxFileBytes + 1, '\0');
  const size_t got = std::fread(text.data(), 1, text.size(), file.get());
  if (std::ferror(file.get()) != 0)
    return Refuse(option, absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  if (got > kMaxFileBytes)
    return Refuse(option, absl::StrCat(path, " is larger than the 1 MiB that is allowed"));
  text.resize(got);
  return text;
}

}  // namespace trine::server
