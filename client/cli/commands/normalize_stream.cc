#include "client/cli/commands/normalize_stream.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/files/array_file.h"
#include "client/cli/files/convert.h"
#include "client/status.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

constexpr uint64_t kPartBytes = uint64_t{8} << 20;
constexpr uint64_t kMessageOverhead = 512;  // all but the elements

// Elements of one sample: one index of the batch axis.
uint64_t SampleElements(const image::NpyHeader& header) {
  uint64_t elements = 1;
  for (size_t i = 1; i < header.shape.size(); ++i) {
    elements *= static_cast<uint64_t>(header.shape[i]);
  }
  return elements;
}

absl::Status Fill(InputFile* file, MutableByteView out, const CancelToken& stop) {
  TRINE_ASSIGN_OR_RETURN(const size_t n, file->Read(out, stop));
  if (n == out.size()) return absl::OkStatus();
  return CorruptImage("", "the .npy file ends before its last element");
}

MutableByteView Writable(std::string& text) {
  return {reinterpret_cast<uint8_t*>(text.data()), text.size()};
}

uint64_t CountAboveOne(std::string_view bytes) {
  return static_cast<uint64_t>(std::count_if(bytes.begin(), bytes.end(),
                                             [](char c) { return static_cast<uint8_t>(c) > 1; }));
}

// The longest tensor that a message takes [bytes]. Servers take 64 MiB by default, whatever this
// side allows.
uint64_t MessageRoom(uint64_t max_message_bytes) {
  return std::min(max_message_bytes, client::Options().max_message_bytes) - kMessageOverhead;
}

}  // namespace

bool NeedsStream(const image::NpyHeader& header, const v1::LrnOptions& options, DType sent,
                 uint64_t max_message_bytes) {
  if (header.fortran_order || header.big_endian) return false;
  if (header.shape.size() < 2 || header.shape[0] < 2) return false;
  if (options.layout() == v1::LRN_LAYOUT_HWC) return false;
  const uint64_t sample = SampleElements(header) * DTypeSize(sent);
  return sample <= client::kItemLimit.value &&
         sample * static_cast<uint64_t>(header.shape[0]) > MessageRoom(max_message_bytes);
}

absl::StatusOr<v1::NormalizeResponse> NormalizeInParts(const image::NpyHeader& header,
                                                       const v1::LrnOptions& options, DType sent,
                                                       double scale, InputFile* file,
                                                       OutputFile* output, Session* session) {
  TRINE_ASSIGN_OR_RETURN(client::Client* const client, session->Connect());
  const uint64_t elements = SampleElements(header);
  const uint64_t sample = elements * DTypeSize(sent);
  const auto samples = static_cast<uint64_t>(header.shape[0]);
  const uint64_t part_bytes =
      std::min(kPartBytes, MessageRoom(client->options().max_message_bytes));
  const uint64_t in_part = std::max<uint64_t>(1, part_bytes / std::max<uint64_t>(1, sample));
  TRINE_RETURN_IF_ERROR(output->Write(AsBytes(image::MakeNpyHeader(sent, header.shape))));
  ProgressBar bar = session->Bar(file->path(), sample * samples);
  uint64_t done = 0;
  std::string integers;
  std::atomic<uint64_t> odd = 0;  // bytes of bool
  const auto next = [&](v1::NormalizeRequest* item,
                        const CancelToken& stop) -> absl::StatusOr<bool> {
    if (done == samples) return false;
    const uint64_t now = std::min(in_part, samples - done);
    Shape shape = header.shape;
    shape[0] = static_cast<int64_t>(now);
    SetHead(sent, shape, item->mutable_tensor());
    std::string* data = item->mutable_tensor()->mutable_data();
    data->resize(now * sample);
    if (sent == header.dtype) {
      TRINE_RETURN_IF_ERROR(Fill(file, Writable(*data), stop));
    } else {
      integers.resize(now * elements * DTypeSize(header.dtype));
      TRINE_RETURN_IF_ERROR(Fill(file, Writable(integers), stop));
      if (header.dtype == DType::kBool) odd += CountAboveOne(integers);
      IntegersToFloat32(header.dtype, AsBytes(integers), Writable(*data));
    }
    TRINE_RETURN_IF_ERROR(ScaleElements(sent, scale, Writable(*data)));
    *item->mutable_options() = options;
    done += now;
    return true;
  };
  v1::NormalizeResponse last;
  std::vector<std::string> warnings;  // each once, of whichever part
  uint64_t received = 0;
  const auto use = [&](v1::NormalizeResponse response, int64_t) -> absl::Status {
    last = std::move(response);
    received += last.tensor().data().size();
    bar.Update(received);
    for (const std::string& warning : last.warnings()) {
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
        warnings.push_back(warning);
    }
    return output->Write(AsBytes(last.tensor().data()));
  };
  TRINE_RETURN_IF_ERROR(client->NormalizeStream(next, use));
  if (received != sample * samples) {
    return client::ProtocolError(
        absl::StrCat("the answers hold ", received, " bytes instead of ", sample * samples));
  }
  if (odd > 0) warnings.push_back(image::BytesTakenAsTrue(odd));
  const uint64_t whole = header.header_bytes + samples * elements * DTypeSize(header.dtype);
  const uint64_t there = file->size().value_or(whole);
  if (there > whole) warnings.push_back(image::BytesBehindArray(there - whole));
  last.clear_tensor();
  last.mutable_warnings()->Assign(warnings.begin(), warnings.end());
  return last;
}

}  // namespace trine::cli
