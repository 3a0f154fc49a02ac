#include "server/observe/metrics.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sstream>
#include <utility>

#include "server/base/status_names.h"

namespace trine::server {
namespace {

// From a small request's time to the longest deadline that is usual.
const prometheus::Histogram::BucketBoundaries& Buckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets{
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  return kBuckets;
}

prometheus::Family<prometheus::Counter>& Counter(prometheus::Registry& registry, const char* name,
                                                 const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Family<prometheus::Histogram>& Histogram(prometheus::Registry& registry,
                                                     const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

void MethodMetrics::Handled(int code, double seconds) {
  if (code < 0 || code >= kStatusCodes) code = 2;  // UNKNOWN
  auto& slot = handled_[static_cast<size_t>(code)];
  prometheus::Counter* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    // Add returns the same counter for the same labels: a race does no harm.
    counter = &all_->handled_.Add(With("grpc_code", StatusCodeName(code)));
    slot.store(counter, std::memory_order_release);
  }
  counter->Increment();
  seconds_->Observe(seconds);
}

prometheus::Labels MethodMetrics::With(const char* label, std::string_view value) const {
  prometheus::Labels labels = labels_;
  labels[label] = std::string(value);
  return labels;
}

// The labels' values are constants of this program, so the series are few.
void MethodMetrics::Refused(std::string_view reason) {
  all_->refusals_.Add(With("reason", reason)).Increment();
}

void MethodMetrics::Coded(std::string_view model, double compute_seconds, uint64_t bytes_in,
                          uint64_t bytes_out) {
  const prometheus::Labels labels = With("model", model);
  all_->coding_seconds_.Add(labels, Buckets()).Observe(compute_seconds);
  all_->coding_request_bytes_.Add(labels).Increment(static_cast<double>(bytes_in));
  all_->coding_response_bytes_.Add(labels).Increment(static_cast<double>(bytes_out));
}

Metrics::Metrics()
    : started_(Counter(registry_, "grpc_server_started_total", "RPCs that arrived.")),
      handled_(Counter(registry_, "grpc_server_handled_total",
                       "RPCs that ended, by their status code.")),
      seconds_(Histogram(registry_, "grpc_server_handling_seconds",
                         "Time from an RPC's arrival to its end [s].")),
      queue_(Histogram(registry_, "trine_queue_seconds",
                       "Time that a request waited for its turn [s].")),
      compute_(
          Histogram(registry_, "trine_compute_seconds", "Time that a request's handler ran [s].")),
      request_bytes_(Counter(registry_, "trine_request_bytes_total", "Bytes of request messages.")),
      response_bytes_(
          Counter(registry_, "trine_response_bytes_total", "Bytes of response messages.")),
      copies_(
          Counter(registry_, "trine_payload_copies_total",
                  "Copies of payloads in memory: joined, collected for a block, cut into chunks.")),
      copied_bytes_(Counter(registry_, "trine_payload_copied_bytes_total", "Bytes of those.")),
      refusals_(Counter(registry_, "trine_refusals_total",
                        "RPCs that ended in an error before their handler ran, by its reason.")),
      coding_seconds_(Histogram(registry_, "trine_coding_seconds",
                                "Time that the handler of a coding RPC ran, by model [s].")),
      coding_request_bytes_(Counter(registry_, "trine_coding_request_bytes_total",
                                    "Bytes of request messages of coding RPCs, by model.")),
      coding_response_bytes_(Counter(registry_, "trine_coding_response_bytes_total",
                                     "Bytes of response messages of coding RPCs, by model.")) {}

std::unique_ptr<MethodMetrics> Metrics::ForMethod(const std::string& type,
                                                  const std::string& service,
                                                  const std::string& method) {
  std::unique_ptr<MethodMetrics> m(new MethodMetrics);
  m->labels_ = {{"grpc_type", type}, {"grpc_service", service}, {"grpc_method", method}};
  m->all_ = this;
  m->started_ = &started_.Add(m->labels_);
  m->seconds_ = &seconds_.Add(m->labels_, Buckets());
  m->queue_ = &queue_.Add(m->labels_, Buckets());
  m->compute_ = &compute_.Add(m->labels_, Buckets());
  m->request_bytes_ = &request_bytes_.Add(m->labels_);
  m->response_bytes_ = &response_bytes_.Add(m->labels_);
  m->copies_ = &copies_.Add(m->labels_);
  m->copied_bytes_ = &copied_bytes_.Add(m->labels_);
  return m;
}

std::function<void(bool)> Metrics::ResultCounter(const std::string& name, const std::string& help) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
  auto& succeeded = family.Add({{"result", "ok"}});
  auto& failed = family.Add({{"result", "failed"}});
  return [&succeeded, &failed](bool ok) { (ok ? succeeded : failed).Increment(); };
}

std::string Metrics::Scrape() const {
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  for (const PolledValue& polled : polled_) {
    if (families.empty() || families.back().name != polled.name) {
      prometheus::MetricFamily family;
      family.name = polled.name;
      family.help = polled.help;
      family.type =
          polled.is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
      families.push_back(std::move(family));
    }
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : polled.labels) metric.label.push_back({name, value});
    (polled.is_counter ? metric.counter.value : metric.gauge.value) = polled.read();
    families.back().metric.push_back(std::move(metric));
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace trine::server
