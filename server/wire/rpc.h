// What a service offers to the one RPC path, and what it gets from it.
//
// A service is a table of methods (Registry). server/call/call.h walks every call through the same
// steps: started metric, request id and trace id, authentication, admission (requests, bytes,
// queue, deadline), the pool, the handler, status and error details, finished metric, access log.
// A handler runs on a pool thread, never on gRPC's, and does four things: from the message to
// core's options and views, check, one call into core, to the message.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/limits.h"
#include "core/runtime/context.h"
#include "core/runtime/part_account.h"
#include "server/wire/wire.h"

namespace trine::server {

// What a handler tells the metrics, the log and the trace of its call.
struct CallNotes {
  std::string_view model;  // of coding: "static", "adaptive", ...; lives as long as the process
};

// What a handler knows of its call.
struct Call {
  Context context;  // pool, cancellation (deadline and client), limits
  std::string request_id;
  CallNotes* notes = nullptr;
  WireEnv wire;  // memory for payloads; counts their copies
  // Bound of one response message [bytes]. What is sure to exceed it is refused before it is
  // computed (server/convert/output_bounds.h); the path refuses the rest when it is there.
  NamedLimit max_response = {"max_message_bytes", UINT64_MAX};
  // The response's payloads leave in messages of their own, and max_response bounds their sum.
  bool answers_in_chunks = false;

  void NoteModel(std::string_view model) const {
    if (notes != nullptr) notes->model = model;
  }
  // The context for a request that asks for at most `max_threads` threads (0: no wish).
  // INVALID_ARGUMENT naming "max_threads" when negative.
  absl::StatusOr<Context> WithThreads(int32_t max_threads) const;
  // Charges memory beyond the method's estimate (MethodTraits::memory_factor) before it is
  // allocated, for work and for an answer: RESOURCE_EXHAUSTED naming memory_limit where it does not
  // fit. See core/runtime/memory_account.h.
  absl::Status Reserve(uint64_t bytes) const { return context.Reserve(bytes); }
  absl::Status ReserveAnswer(uint64_t bytes) const { return context.ReserveResult(bytes); }
};

// A call whose work asks for memory beside its parsed message, which stays as long as the
// work does.
class CallBeside {
 public:
  // REQUIRES: `call` outlives this.
  CallBeside(const Call& call, uint64_t parsed_bytes);
  CallBeside(const CallBeside&) = delete;

  const Call& get() const { return beside_ ? *beside_ : call_; }

 private:
  const Call& call_;
  PartAccount account_;
  std::optional<Call> beside_;  // where there is something to add
};

template <typename Req, typename Res>
using UnaryHandler = std::function<absl::Status(const Call&, Request<Req>&, Response<Res>*)>;

// The state of one bidirectional stream. The path calls, on pool threads and never two at once:
// for each message that arrives OnMessage, then Produce until it returns false, sending each
// response before it asks for the next; at the client's half close OnEnd, then Produce likewise.
// So memory is bounded by what one Produce makes. An error ends the stream with that status.
template <typename Req, typename Res>
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual absl::Status OnMessage(const Call& call, std::unique_ptr<Request<Req>> request) = 0;
  virtual absl::Status OnEnd(const Call& call) = 0;
  // Fills `response` and returns true, or returns false when there is nothing to send now.
  virtual absl::StatusOr<bool> Produce(const Call& call, Response<Res>* response) = 0;
  // Memory that the stream holds now [bytes]: what came and is not done with, what is ready and not
  // sent. Asked after each call above and kept on the ledger until the next; a stream that grows
  // beyond what is free ends. A handler that keeps nothing of a message once it is answered need
  // not define it.
  virtual uint64_t HeldBytes() const { return 0; }
};

template <typename Req, typename Res>
using StreamFactory = std::function<std::unique_ptr<StreamHandler<Req, Res>>()>;

// A method with its types erased: bytes in, bytes out.
using RawUnary =
    std::function<absl::Status(const Call&, const grpc::ByteBuffer& in, grpc::ByteBuffer* out)>;

class RawStream {
 public:
  virtual ~RawStream() = default;
  virtual absl::Status OnMessage(const Call& call, const grpc::ByteBuffer& in) = 0;
  virtual absl::Status OnEnd(const Call& call) = 0;
  virtual absl::StatusOr<bool> Produce(const Call& call, grpc::ByteBuffer* out) = 0;
  virtual uint64_t HeldBytes() const = 0;
};

// How the path treats a method's calls.
struct MethodTraits {
  // Unary and done in microseconds: runs where it arrives, outside admission, so that it answers
  // however busy the pool is.
  bool immediate = false;
  // Unary, with work bounded by its size: a request of fewer bytes runs where it arrives
  // when nothing waits, since handing it to the pool would take longer than the work. 0: never.
  uint64_t inline_bytes = 0;
  // Memory that the work on a request may need beside it, in multiples of its size: what it
  // unpacks, computes with and answers. An estimate for the admission; hard bounds are Limits'.
  uint64_t memory_factor = 2;
  // The work asks for all that it needs beside the message (Call::Reserve) before it allocates it,
  // and holds it for this message only: memory_factor is a guess then, which may be cut to what
  // there is.
  bool asks_for_all = false;
};

struct Method {
  std::string service;  // "trine.v1.CodingService"
  std::string name;     // "Encode"
  RawUnary unary;       // exactly one of these two is set
  std::function<std::unique_ptr<RawStream>()> stream;
  MethodTraits traits;

  std::string path() const { return "/" + service + "/" + name; }
};

// The methods of all services; filled once at the start.
class Registry {
 public:
  template <typename Req, typename Res>
  void AddUnary(std::string service, std::string name, MethodTraits traits,
                UnaryHandler<Req, Res> handler) {
    RawUnary raw = [handler = std::move(handler)](const Call& call, const grpc::ByteBuffer& in,
                                                  grpc::ByteBuffer* out) -> absl::Status {
      Request<Req> request(call.wire);
      if (absl::Status s = request.Parse(in, call.context); !s.ok()) return s;
      Response<Res> response(call.wire);
      const CallBeside beside(call, request.parsed_bytes());
      if (absl::Status s = handler(beside.get(), request, &response); !s.ok()) return s;
      return response.Serialize(out);
    };
    methods_.push_back({std::move(service), std::move(name), std::move(raw), nullptr, traits});
  }

  template <typename Req, typename Res>
  void AddStream(std::string service, std::string name, MethodTraits traits,
                 StreamFactory<Req, Res> factory) {
    methods_.push_back({std::move(service), std::move(name), nullptr,
                        [factory = std::move(factory)]() -> std::unique_ptr<RawStream> {
                          return std::make_unique<TypedStream<Req, Res>>(factory());
                        },
                        traits});
  }

  const std::vector<Method>& methods() const { return methods_; }
  // The full names of the methods' services, each once, sorted.
  std::vector<std::string> services() const;

 private:
  template <typename Req, typename Res>
  class TypedStream : public RawStream {
   public:
    explicit TypedStream(std::unique_ptr<StreamHandler<Req, Res>> handler)
        : handler_(std::move(handler)) {}
    absl::Status OnMessage(const Call& call, const grpc::ByteBuffer& in) override {
      auto request = std::make_unique<Request<Req>>(call.wire);
      if (absl::Status s = request->Parse(in, call.context, handler_->HeldBytes()); !s.ok())
        return s;
      return handler_->OnMessage(call, std::move(request));
    }
    absl::Status OnEnd(const Call& call) override { return handler_->OnEnd(call); }
    absl::StatusOr<bool> Produce(const Call& call, grpc::ByteBuffer* out) override {
      Response<Res> response(call.wire);
      absl::StatusOr<bool> more = handler_->Produce(call, &response);
      if (!more.ok() || !*more) return more;
      if (absl::Status s = response.Serialize(out); !s.ok()) return s;
      return true;
    }
    uint64_t HeldBytes() const override { return handler_->HeldBytes(); }

   private:
    std::unique_ptr<StreamHandler<Req, Res>> handler_;
  };

  std::vector<Method> methods_;
};

// Each defined in its service's file.
void RegisterNormalizationService(Registry* registry);
void RegisterCodingService(Registry* registry);
void RegisterSegmentationService(Registry* registry);

}  // namespace trine::server
