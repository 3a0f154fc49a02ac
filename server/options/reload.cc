#include "server/options/reload.h"

#include <openssl/sha.h>

#include <utility>

#include "core/base/error.h"
#include "core/base/strings.h"
#include "server/base/file.h"

namespace trine::server {

absl::StatusOr<std::vector<std::string>> ReadFiles(const std::vector<WatchedFiles::File>& files) {
  std::vector<std::string> contents;
  for (const WatchedFiles::File& file : files) {
    contents.emplace_back();
    if (file.path.empty()) continue;
    TRINE_ASSIGN_OR_RETURN(contents.back(), ReadFile(file.option, file.path));
  }
  return contents;
}

std::string Fingerprint(const std::vector<std::string>& contents) {
  std::string all;
  for (const std::string& text : contents) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    all.append(reinterpret_cast<const char*>(digest), sizeof(digest));
  }
  return all;
}

Reloader::Reloader(std::vector<WatchedFiles> watched, std::chrono::milliseconds interval,
                   Logger* log)
    : interval_(interval), log_(log) {
  for (WatchedFiles& files : watched) {
    const std::string fingerprint = files.fingerprint;
    states_.push_back({std::move(files), fingerprint, fingerprint});
  }
  thread_ = std::thread([this] { Run(); });
}

Reloader::~Reloader() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Reloader::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!wake_.wait_for(lock, interval_, [this] { return ending_; })) {
    lock.unlock();
    for (State& state : states_) Poll(&state);
    lock.lock();
  }
}

void Reloader::Poll(State* state) {
  const auto contents = ReadFiles(state->files.files);
  const std::string now =
      contents.ok() ? Fingerprint(*contents) : std::string(contents.status().message());
  const bool settled = now == state->last;
  state->last = now;
  if (!settled || now == state->settled) return;
  state->settled = now;
  const absl::Status status = contents.ok() ? state->files.apply(*contents) : contents.status();
  if (state->files.done) state->files.done(status.ok());
  if (status.ok()) {
    log_->Info("files were read again", {{"what", state->files.what}});
  } else {
    log_->Warn("files changed and make no sense; what they held before stays in use",
               {{"what", state->files.what}, {"error", ToStd(status.message())}});
  }
}

}  // namespace trine::server
