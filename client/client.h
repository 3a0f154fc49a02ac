// A connection to a trine server: one function an RPC, and streams of any length in bounded memory.
//
// Every function blocks, sets a deadline and returns the server's answer or a status whose
// ErrorDetail (core/base/error.h) holds what google.rpc's details said: reason, field, value,
// limit, retry time, block and offset. No answer at all is UNAVAILABLE with reason UNREACHABLE.
//
// Thread safety: all functions of one Client may be called from many threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/options.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "trine/v1/coding.pb.h"
#include "trine/v1/normalization.pb.h"
#include "trine/v1/segmentation.pb.h"
#include "trine/v1/server.pb.h"

namespace trine::client {

// Where the bytes of a stream come from: fills the start of `out` (never empty) and returns how
// many, 0 at the end. Called on a thread of its own. A source that waits (a pipe) polls `stop` and
// returns at once, with any status, when it says so: the call has ended.
using Source = std::function<absl::StatusOr<size_t>(MutableByteView out, const CancelToken& stop)>;
// Where they go, in order; called on the caller's thread. An error ends the call with it.
using Sink = std::function<absl::Status(ByteView bytes)>;
// Bytes (EncodeStream, DecodeStream: raw or coded; else items) sent and received so far. Called on
// either thread, never twice at once; may be null.
using Progress = std::function<void(uint64_t sent, uint64_t received)>;

enum class Health : uint8_t { kUnknown = 0, kServing = 1, kNotServing = 2, kServiceUnknown = 3 };

class Client {
 public:
  // Does not connect yet: the first call does. INVALID_ARGUMENT naming the option where options
  // contradict each other.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const Options& options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const Options& options() const;

  // Normalize, its gradient and Segment switch to a stream and its deadline where the request or
  // the answer is longer than a message: it then goes in chunks, up to the server's max_item_bytes,
  // and errors and results are the same. Such a request is copied once unless it is given away
  // (&&).
  absl::StatusOr<v1::NormalizeResponse> Normalize(const v1::NormalizeRequest& request);
  absl::StatusOr<v1::NormalizeResponse> Normalize(v1::NormalizeRequest&& request);
  absl::StatusOr<v1::NormalizeGradientResponse> NormalizeGradient(
      const v1::NormalizeGradientRequest& request);
  absl::StatusOr<v1::NormalizeGradientResponse> NormalizeGradient(
      v1::NormalizeGradientRequest&& request);
  absl::StatusOr<v1::EncodeResponse> Encode(const v1::EncodeRequest& request);
  absl::StatusOr<v1::DecodeResponse> Decode(const v1::DecodeRequest& request);
  absl::StatusOr<v1::InspectResponse> Inspect(const v1::InspectRequest& request);
  absl::StatusOr<v1::SegmentResponse> Segment(const v1::SegmentRequest& request);
  absl::StatusOr<v1::SegmentResponse> Segment(v1::SegmentRequest&& request);
  absl::StatusOr<v1::GetServerInfoResponse> GetServerInfo();
  // grpc.health.v1. NOT_FOUND for a service that the server does not know.
  absl::StatusOr<Health> CheckHealth(const std::string& service = "");

  // Streams of items, answered in order; those that are longer than a message go and come in
  // chunks, as above. `next` fills a request and returns true, or returns false at the end; it runs
  // on a thread of its own. `use` gets each answer on the caller's thread. gRPC's flow control
  // bounds how far the two are apart.
  using NextNormalize =
      std::function<absl::StatusOr<bool>(v1::NormalizeRequest* item, const CancelToken& stop)>;
  using UseNormalize = std::function<absl::Status(v1::NormalizeResponse item, int64_t index)>;
  absl::Status NormalizeStream(const NextNormalize& next, const UseNormalize& use);

  using NextSegment =
      std::function<absl::StatusOr<bool>(v1::SegmentRequest* item, const CancelToken& stop)>;
  using UseSegment = std::function<absl::Status(v1::SegmentResponse item, int64_t index)>;
  absl::Status SegmentStream(const NextSegment& next, const UseSegment& use);

  // Codes what `source` gives into `sink`.
  absl::StatusOr<v1::EncodeStatistics> EncodeStream(const v1::EncodeStreamHeader& header,
                                                    const Source& source, const Sink& sink,
                                                    const Progress& progress = nullptr);

  // Decodes what `source` gives into `sink`. `on_content` is called once, before the first bytes.
  using OnContent = std::function<absl::Status(const v1::Content& content)>;
  absl::StatusOr<v1::DecodeStreamSummary> DecodeStream(const v1::DecodeStreamHeader& header,
                                                       const Source& source,
                                                       const OnContent& on_content,
                                                       const Sink& sink,
                                                       const Progress& progress = nullptr);

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace trine::client
