// Any messages in any order to a stream, kFuzzMethod. The input is a list of them, each
// after its length in two bytes, little-endian; the last may be cut off.
#include <algorithm>
#include <memory>

#include "core/base/bytes.h"
#include "tests/fuzz/request/request_fuzz.h"
#include "tests/fuzz/request/request_method.h"

namespace trine::server {
namespace {

// An honest bomb may answer for ever: enough is enough.
constexpr int kMaxAnswers = 64;

absl::Status Drain(const Call& call, RawStream& stream, int* answers) {
  while (*answers < kMaxAnswers) {
    grpc::ByteBuffer out;
    absl::StatusOr<bool> more = stream.Produce(call, &out);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    ++*answers;
  }
  return absl::OkStatus();
}

absl::Status Run(const Call& call, ByteView input) {
  const std::unique_ptr<RawStream> stream = FindMethod(kFuzzMethod)->stream();
  int answers = 0;
  while (input.size() >= 2 && answers < kMaxAnswers) {
    const size_t length = std::min<size_t>(LoadLE<uint16_t>(input.data()), input.size() - 2);
    const ByteView message = input.subspan(2, length);
    input.remove_prefix(2 + length);
    TRINE_RETURN_IF_ERROR(stream->OnMessage(call, OneSlice(message.data(), message.size())));
    TRINE_RETURN_IF_ERROR(Drain(call, *stream, &answers));
  }
  if (answers >= kMaxAnswers) return absl::OkStatus();
  TRINE_RETURN_IF_ERROR(stream->OnEnd(call));
  return Drain(call, *stream, &answers);
}

}  // namespace
}  // namespace trine::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace trine::server;  // NOLINT(google-build-using-namespace)
  const FuzzCall fuzz;
  const absl::Status status = Run(fuzz.call(), {data, size});
  if (!status.ok()) CheckRefusal(status);
  return 0;
}
