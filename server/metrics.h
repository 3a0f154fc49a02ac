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
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/wire.h"

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
  void Sent(size_t bytes) { response_bytes_->Increment(static_cast<double>(bytes)); }

 private:
  friend class Metrics;
  MethodMetrics() = default;

  prometheus::Labels labels_;
  prometheus::Family<prometheus::Counter>* handled_family_ = nullptr;
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

// A value read when somebody looks.
struct PolledGauge {
  std::string name;
  std::string help;
  prometheus::Labels labels;
  std::function<double()> read;
};

class Metrics {
 public:
  Metrics();

  // `type` "unary" or "bidi_stream" (or "unknown"). The result lives as long as this object.
  std::unique_ptr<MethodMetrics> ForMethod(const std::string& type, const std::string& service,
                                           const std::string& method);
  // REQUIRES: gauges of one name stand next to each other; called before the first Scrape.
  void SetPolledGauges(std::vector<PolledGauge> gauges) { polled_ = std::move(gauges); }

  // A counter with the label result, "ok" or "failed", both from 0: called with true for ok. Lives
  // as long as this object.
  std::function<void(bool ok)> ResultCounter(const std::string& name, const std::string& help);

  // Everything, in Prometheus' text format.
  std::string Scrape() const;

 private:
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
  std::vector<PolledGauge> polled_;
};

}  // namespace trine::server
