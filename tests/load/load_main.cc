// trine-load: traffic for the load tests. One JSON object on stdout says what became of the calls.
//
//   trine-load --target HOST:PORT --calls encode:32768[,segment:262144,...]
//              (--rate CALLS_A_SECOND | --callers N) --seconds S
//
// Kinds of calls, with the bytes of their payload: encode (ADAPTIVE order 2: much work for few
// bytes), blank (zeros, encoded: many bytes, little work, a short answer), exact (the textbook
// coder: far more work for far fewer bytes), segment (Otsu, mask out), normalize (one picture of 16
// channels), info. SIGTERM ends the calls early; the report is printed all the same. Exit codes: 0
// ran, 2 wrong usage.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "tests/load/load_client.h"
#include "trine/v1/coding.pb.h"
#include "trine/v1/normalization.pb.h"
#include "trine/v1/segmentation.pb.h"
#include "trine/v1/server.pb.h"

namespace trine::load {
namespace {

constexpr double kWindowS = 0.25;

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

// The same bytes in every run: noise with structure, so that coders and thresholds have work.
std::string Payload(size_t bytes) {
  std::string out(bytes, '\0');
  uint32_t state = 12345;
  for (size_t i = 0; i < bytes; ++i) {
    state = state * 1664525 + 1013904223;
    out[i] = static_cast<char>(((state >> 24) & 63) + (i / 64 % 2 == 0 ? 0 : 128));
  }
  return out;
}

grpc::ByteBuffer ToBuffer(const google::protobuf::MessageLite& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

v1::Tensor MakeTensor(v1::DataType type, const std::vector<int64_t>& shape, std::string data) {
  v1::Tensor tensor;
  tensor.set_dtype(type);
  for (const int64_t extent : shape) tensor.add_shape(extent);
  tensor.set_data(std::move(data));
  return tensor;
}

std::optional<Kind> MakeKind(const std::string& name, size_t bytes) {
  if (name == "info")
    return Kind{"/trine.v1.ServerService/GetServerInfo", ToBuffer(v1::GetServerInfoRequest())};
  if (name == "encode") {
    v1::EncodeRequest request;
    request.set_data(Payload(bytes));
    request.mutable_options()->set_model(v1::CODING_MODEL_ADAPTIVE);
    request.mutable_options()->set_order(2);
    return Kind{"/trine.v1.CodingService/Encode", ToBuffer(request)};
  }
  if (name == "blank") {
    v1::EncodeRequest request;
    request.set_data(std::string(bytes, '\0'));
    return Kind{"/trine.v1.CodingService/Encode", ToBuffer(request)};
  }
  if (name == "exact") {
    v1::EncodeRequest request;
    std::string message = Payload(bytes);
    for (char& c : message) c = static_cast<char>('a' + (static_cast<unsigned char>(c) & 3));
    request.set_message(message);
    request.mutable_options()->set_model(v1::CODING_MODEL_EXACT);
    v1::ProbabilityTable* table = request.mutable_options()->mutable_table();
    table->set_kind(v1::SYMBOL_KIND_TEXT);
    for (const char* const symbol : {"a", "b", "c", "d"}) table->add_text(symbol);
    for (const char* const p : {"0.1357", "0.2468", "0.3333", "0.2842"}) table->add_decimals(p);
    return Kind{"/trine.v1.CodingService/Encode", ToBuffer(request)};
  }
  if (name == "segment") {
    v1::SegmentRequest request;
    const auto rows = static_cast<int64_t>(bytes / 256);
    *request.mutable_image()->mutable_tensor() =
        MakeTensor(v1::DATA_TYPE_UINT8, {rows, 256}, Payload(static_cast<size_t>(rows) * 256));
    request.add_steps()->mutable_otsu();
    request.mutable_outputs()->set_mask(true);
    return Kind{"/trine.v1.SegmentationService/Segment", ToBuffer(request)};
  }
  if (name == "normalize") {
    v1::NormalizeRequest request;
    const auto side = static_cast<int64_t>(bytes / (16 * 4 * 8));
    *request.mutable_tensor() = MakeTensor(v1::DATA_TYPE_FLOAT32, {1, 16, 8, side},
                                           std::string(static_cast<size_t>(side) * 512, '\0'));
    return Kind{"/trine.v1.NormalizationService/Normalize", ToBuffer(request)};
  }
  return std::nullopt;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

double Quantile(std::vector<double>* values, double q) {
  if (values->empty()) return 0;
  const auto index = static_cast<size_t>(q * static_cast<double>(values->size() - 1));
  std::nth_element(values->begin(), values->begin() + static_cast<std::ptrdiff_t>(index),
                   values->end());
  return (*values)[index];
}

nlohmann::json Summary(std::vector<double> latencies) {
  const double max =
      latencies.empty() ? 0.0 : *std::max_element(latencies.begin(), latencies.end());
  return {{"count", latencies.size()},
          {"p50_ms", Quantile(&latencies, 0.5)},
          {"p99_ms", Quantile(&latencies, 0.99)},
          {"max_ms", max}};
}

nlohmann::json Report(const Result& result) {
  std::map<std::string, std::vector<double>> by_code;
  std::vector<double> ok_windows;
  std::vector<nlohmann::json> ok_calls;
  for (const Outcome& outcome : result.outcomes) {
    by_code[outcome.cancelled ? "ours" : std::to_string(outcome.code)].push_back(
        outcome.latency_ms);
    if (outcome.code != grpc::OK) continue;
    const auto window = static_cast<size_t>(outcome.ended_s / kWindowS);
    if (ok_windows.size() <= window) ok_windows.resize(window + 1);
    ++ok_windows[window];
    ok_calls.push_back({outcome.ended_s, outcome.latency_ms});
  }
  nlohmann::json report = {{"started_at_s", result.started_at_s},
                           {"skipped", result.skipped},
                           {"window_s", kWindowS},
                           {"ok_a_window", ok_windows},
                           {"ok_calls", ok_calls},
                           {"codes", nlohmann::json::object()},
                           {"failures", nlohmann::json::array()}};
  for (auto& [code, latencies] : by_code) report["codes"][code] = Summary(std::move(latencies));
  for (const Failure& failure : result.failures)
    report["failures"].push_back({failure.request_id, failure.code, failure.message});
  return report;
}

int Main(int argc, char** argv) {
  std::string target;
  std::vector<std::string> calls;
  std::string ca_file;
  int channels = 4;
  double seconds = 1;
  int64_t deadline_ms = 30000;
  int64_t cancel_after_ms = 0;
  bool retry = false;
  Plan plan;
  CLI::App app("traffic for the load tests of trine-server");
  app.add_option("--target", target, "HOST:PORT")->required();
  app.add_option("--calls", calls, "KIND:BYTES[,KIND:BYTES...]")->required()->delimiter(',');
  app.add_option("--rate", plan.rate, "calls a second; 0: as many as --callers allow");
  app.add_option("--callers", plan.callers, "calls open at once without --rate");
  app.add_option("--seconds", seconds)->check(CLI::Range(0.1, 7200.0));
  app.add_option("--channels", channels, "connections")->check(CLI::Range(1, 1000));
  app.add_option("--deadline-ms", deadline_ms);
  app.add_option("--cancel-share", plan.cancel_share)->check(CLI::Range(0.0, 1.0));
  app.add_option("--cancel-after-ms", cancel_after_ms);
  app.add_option("--ca", ca_file, "TLS, with this authority");
  app.add_flag("--retry", retry, "wait for a connection, and repeat what was unavailable");
  CLI11_PARSE(app, argc, argv);

  plan.duration = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
  plan.deadline = std::chrono::milliseconds(deadline_ms);
  plan.cancel_after = std::chrono::milliseconds(cancel_after_ms);
  plan.wait_for_ready = retry;
  plan.stop = &stop;
  std::signal(SIGTERM, [](int) { stop.store(true); });
  for (const std::string& text : calls) {
    const size_t colon = text.find(':');
    const std::string bytes = colon == std::string::npos ? "0" : text.substr(colon + 1);
    auto kind = MakeKind(text.substr(0, colon), std::strtoul(bytes.c_str(), nullptr, 10));
    if (!kind) {
      std::fprintf(stderr, "trine-load: no such kind of call: %s\n", text.c_str());
      return 2;
    }
    plan.kinds.push_back(*std::move(kind));
  }
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (!ca_file.empty()) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = ReadFile(ca_file);
    credentials = grpc::SslCredentials(options);
  }
  for (int i = 0; i < channels; ++i) {
    grpc::ChannelArguments arguments;
    // Without it equal channels share a connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, retry ? 1 : 0);
    if (retry) {
      arguments.SetServiceConfigJSON(R"({"methodConfig": [{"name": [{}], "retryPolicy": {
        "maxAttempts": 5, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"]}}]})");
    }
    plan.channels.push_back(grpc::CreateCustomChannel(target, credentials, arguments));
  }
  std::printf("%s\n", Report(Run(plan)).dump().c_str());
  return 0;
}

}  // namespace
}  // namespace trine::load

int main(int argc, char** argv) { return trine::load::Main(argc, argv); }
