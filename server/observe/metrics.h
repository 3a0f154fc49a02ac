// What the server counts, in Prometheus' names and types.
// Thread safety: all members may be called from any thread.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/wire/wire.h"

namespace trine::server {

inline constexpr int kStatusCodes = 17;

class Metrics;

// The series of one method; bounded, since methods that are not served share "unknown".
class MethodMetrics : public CopyCounter {
 public:
  void Started() { started_->Increment(); }
  // `seconds` from the arrival to the last byte handed to gRPC.
  void Handled(int code, double seconds);
  void Queued(double seconds) { queue_->Observe(seconds); }
  void Computed(double seconds) { compute_->Observe(seconds); }
  void Received(size_t bytes) { request_bytes_->Increment(static_cast<double>(bytes)); }
  void Copied(size_t bytes) override {
    copies_->Increment();
    copied_bytes_->Increment(static_cast<double>(bytes));
  }
  // The call ended in an error before its handler ran.
  void Refused(std::string_view reason);
  // A coding call of `model` that got as far as to know it.
  void Coded(std::string_view model, double compute_seconds, uint64_t bytes_in, uint64_t bytes_out);
  void Sent(size_t bytes) { response_bytes_->Increment(static_cast<double>(bytes)); }

 private:
  friend class Metrics;
  MethodMetrics() = default;

  prometheus::Labels With(const char* label, std::string_view value) const;

  Metrics* all_ = nullptr;
  prometheus::Labels labels_;
  // Made when a code is seen for the first time: most methods never see most codes.
  std::array<std::atomic<prometheus::Counter*>, kStatusCodes> handled_{};
  prometheus::Counter* started_ = nullptr;
  prometheus::Histogram* seconds_ = nullptr;
  prometheus::Histogram* queue_ = nullptr;
  prometheus::Histogram* compute_ = nullptr;
  prometheus::Counter* request_bytes_ = nullptr;
  prometheus::Counter* response_bytes_ = nullptr;
  prometheus::Counter* copies_ = nullptr;
  prometheus::Counter* copied_bytes_ = nullptr;
};

// A value that is read at each scrape.
struct PolledValue {
  std::string name;
  std::string help;
  prometheus::Labels labels;
  std::function<double()> read;
  bool is_counter = false;  // never falls; the name ends in _total
};

class Metrics {
 public:
  Metrics();

  // `type` "unary" or "bidi_stream" (or "unknown"). The result lives as long as this object.
  std::unique_ptr<MethodMetrics> ForMethod(const std::string& type, const std::string& service,
                                           const std::string& method);
  // REQUIRES: values of one name follow each other; called before the first Scrape.
  void SetPolledValues(std::vector<PolledValue> gauges) { polled_ = std::move(gauges); }

  // A counter with the label result, "ok" or "failed", both from 0: called with true for ok. Lives
  // as long as this object.
  std::function<void(bool ok)> ResultCounter(const std::string& name, const std::string& help);

  // Everything, in Prometheus' text format.
  std::string Scrape() const;

 private:
  friend class MethodMetrics;

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& started_;
  prometheus::Family<prometheus::Counter>& handled_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Histogram>& queue_;
  prometheus::Family<prometheus::Histogram>& compute_;
  prometheus::Family<prometheus::Counter>& request_bytes_;
  prometheus::Family<prometheus::Counter>& response_bytes_;
  prometheus::Family<prometheus::Counter>& copies_;
  prometheus::Family<prometheus::Counter>& copied_bytes_;
  prometheus::Family<prometheus::Counter>& refusals_;
  prometheus::Family<prometheus::Histogram>& coding_seconds_;
  prometheus::Family<prometheus::Counter>& coding_request_bytes_;
  prometheus::Family<prometheus::Counter>& coding_response_bytes_;
  std::vector<PolledValue> polled_;
};

}  // namespace trine::server
