#include "client/cli/commands/normalize_stream.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/files/convert.h"
#include "client/cli/errors.h"
#include "client/status.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

constexpr uint64_t kPartBytes = uint64_t{8} << 20;
constexpr uint64_t kMessageOverhead = 512;  // all but the elements

uint64_t SampleBytes(const image::NpyHeader& header) {
  uint64_t bytes = DTypeSize(header.dtype);
  for (size_t i = 1; i < header.shape.size(); ++i) bytes *= static_cast<uint64_t>(header.shape[i]);
  return bytes;
}

absl::Status Fill(InputFile* file, std::string* out, const CancelToken& stop) {
  TRINE_ASSIGN_OR_RETURN(const size_t n,
                         file->Read({reinterpret_cast<uint8_t*>(out->data()), out->size()}, stop));
  if (n == out->size()) return absl::OkStatus();
  return CorruptImage("", "the .npy file ends before its last element");
}

template <typename T>
void Multiply(double scale, std::string* data) {
  for (size_t at = 0; at < data->size(); at += sizeof(T)) {
    StoreLE(&(*data)[at], static_cast<T>(LoadLE<T>(&(*data)[at]) * static_cast<T>(scale)));
  }
}

absl::Status Scale(DType dtype, double scale, std::string* data) {
  if (scale == 1) return absl::OkStatus();
  if (dtype == DType::kFloat32) {
    Multiply<float>(scale, data);
  } else if (dtype == DType::kFloat64) {
    Multiply<double>(scale, data);
  } else {
    return UsageError("--scale multiplies float32 and float64 elements only");
  }
  return absl::OkStatus();
}

// The longest tensor that a message takes [bytes]. Servers take 64 MiB by default, whatever this
// side allows.
uint64_t MessageRoom(uint64_t max_message_bytes) {
  return std::min(max_message_bytes, client::Options().max_message_bytes) - kMessageOverhead;
}

}  // namespace

bool NeedsStream(const image::NpyHeader& header, const v1::LrnOptions& options,
                 uint64_t max_message_bytes) {
  if (header.fortran_order || header.big_endian || !IsFloat(header.dtype)) return false;
  if (header.shape.size() < 2 || header.shape[0] < 2) return false;
  if (options.layout() == v1::LRN_LAYOUT_HWC) return false;
  const uint64_t sample = SampleBytes(header);
  const uint64_t limit = MessageRoom(max_message_bytes);
  return sample <= limit && sample * static_cast<uint64_t>(header.shape[0]) > limit;
}

absl::StatusOr<v1::LrnResolved> NormalizeInParts(const image::NpyHeader& header,
                                                 const v1::LrnOptions& options, double scale,
                                                 InputFile* file, OutputFile* output,
                                                 Session* session) {
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  const uint64_t sample = SampleBytes(header);
  const auto samples = static_cast<uint64_t>(header.shape[0]);
  const uint64_t part_bytes =
      std::min(kPartBytes, MessageRoom(client->options().max_message_bytes));
  const uint64_t in_part = std::max<uint64_t>(1, part_bytes / std::max<uint64_t>(1, sample));
  TRINE_RETURN_IF_ERROR(output->Write(AsBytes(image::MakeNpyHeader(header.dtype, header.shape))));
  ProgressBar bar(ProgressOf(session->globals()), session->globals().quiet, file->path(),
                  sample * samples);
  uint64_t sent = 0;
  const auto next = [&](v1::NormalizeRequest* item,
                        const CancelToken& stop) -> absl::StatusOr<bool> {
    if (sent == samples) return false;
    const uint64_t now = std::min(in_part, samples - sent);
    Shape shape = header.shape;
    shape[0] = static_cast<int64_t>(now);
    SetHead(header.dtype, shape, item->mutable_tensor());
    std::string* data = item->mutable_tensor()->mutable_data();
    data->resize(now * sample);
    TRINE_RETURN_IF_ERROR(Fill(file, data, stop));
    TRINE_RETURN_IF_ERROR(Scale(header.dtype, scale, data));
    *item->mutable_options() = options;
    sent += now;
    return true;
  };
  v1::LrnResolved resolved;
  uint64_t received = 0;
  const auto use = [&](v1::NormalizeResponse response, int64_t) -> absl::Status {
    resolved = response.resolved();
    received += response.tensor().data().size();
    bar.Update(received);
    return output->Write(AsBytes(response.tensor().data()));
  };
  TRINE_RETURN_IF_ERROR(client->NormalizeStream(next, use));
  if (received != sample * samples) {
    return client::ProtocolError(
        absl::StrCat("the answers hold ", received, " bytes instead of ", sample * samples));
  }
  return resolved;
}

}  // namespace trine::cli
