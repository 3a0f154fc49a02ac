// Both directions of one bidirectional stream at once: requests are written by a thread of their
// own while answers are read, so that neither side waits for the other with full buffers.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <thread>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/cancel.h"

namespace trine::client {

struct BidiResult {
  // Of `next` or `use`, where one of them failed: it ended the call. Else OK.
  absl::Status local;
  grpc::Status remote;
};

// `next` fills a request (which still holds the one before) and returns true, or false at the end.
template <typename Req, typename Res>
BidiResult RunBidi(grpc::ClientContext* context, grpc::ClientReaderWriter<Req, Res>* stream,
                   absl::FunctionRef<absl::StatusOr<bool>(Req*, const CancelToken&)> next,
                   absl::FunctionRef<absl::Status(Res*)> use) {
  CancelSource stop;
  absl::Status source_status;
  std::thread writer([&] {
    Req request;
    for (;;) {
      absl::StatusOr<bool> more = next(&request, stop.token());
      if (stop.token().ShouldStop()) return;
      if (!more.ok()) {
        source_status = more.status();
        context->TryCancel();
        return;
      }
      if (!*more) {
        stream->WritesDone();
        return;
      }
      if (!stream->Write(request)) return;  // the call has ended; its status says why
    }
  });
  absl::Status sink_status;
  for (Res response; sink_status.ok() && stream->Read(&response);) sink_status = use(&response);
  if (!sink_status.ok()) context->TryCancel();
  stop.Cancel();
  writer.join();
  BidiResult result{std::move(sink_status), stream->Finish()};
  if (!source_status.ok()) result.local = std::move(source_status);
  return result;
}

}  // namespace trine::client
