// The rows service.*: trine-server's data path against a raw echo (the ceiling) and against a plain
// protobuf service of the same messages. One JSON object a line on stdout; what it does on stderr.
// Usage: service_bench TRINE_SERVER RAW_ECHO PLAIN_PROTO SECONDS
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/service/server_process.h"
#include "tests/bench/service/service_calls.h"
#include "trine/v1/coding.pb.h"
#include "trine/v1/normalization.pb.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::bench {
namespace {

constexpr int kPairs = 9;
constexpr size_t kKiB = 1024;
constexpr size_t kMiB = 1024 * kKiB;

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double Percentile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(p * static_cast<double>(values.size() - 1))];
}

struct Pairs {
  std::vector<double> ours, peer, ratio;

  void Add(double a, double b, double times_better) {
    ours.push_back(a);
    peer.push_back(b);
    ratio.push_back(times_better);
  }

  void Print(const std::string& name, const std::string& what, int threads, const char* unit,
             const char* peer_name) const {
    std::printf(
        "{\"name\": \"%s\", \"case\": \"%s\", \"threads\": %d, \"unit\": \"%s\", \"ours\": %.4g, "
        "\"peer\": \"%s\", \"peer_value\": %.4g, \"ratio\": %.3f, \"ratio_min\": %.3f, "
        "\"ratio_max\": %.3f}\n",
        name.c_str(), what.c_str(), threads, unit, Median(ours), peer_name, Median(peer),
        Median(ratio), *std::min_element(ratio.begin(), ratio.end()),
        *std::max_element(ratio.begin(), ratio.end()));
    std::fflush(stdout);
  }
};

std::string RandomFloats(size_t bytes) {
  std::mt19937 random(std::random_device{}());
  std::normal_distribution<float> normal;
  std::string out(bytes, '\0');
  for (size_t i = 0; i + sizeof(float) <= bytes; i += sizeof(float)) {
    const float value = normal(random);
    std::memcpy(out.data() + i, &value, sizeof value);
  }
  return out;
}

// Two kinds of pixels with noise: a threshold lies between them.
std::string RandomPixels(size_t count) {
  std::mt19937 random(std::random_device{}());
  std::normal_distribution<float> normal(0, 20);
  std::string out(count, '\0');
  for (size_t i = 0; i < count; ++i) {
    const float level = (i / 64) % 2 == 0 ? 80.0F : 170.0F;
    out[i] =
        static_cast<char>(static_cast<uint8_t>(std::clamp(level + normal(random), 0.F, 255.F)));
  }
  return out;
}

// A feature map of `bytes`, [1, 4, bytes / 1024, 64]: the default window over channels, channels
// last, as convolutions on processors lay them out.
grpc::ByteBuffer NormalizeRequest(size_t bytes) {
  v1::NormalizeRequest request;
  request.mutable_options()->set_layout(v1::LRN_LAYOUT_NHWC);
  v1::Tensor* tensor = request.mutable_tensor();
  tensor->set_dtype(v1::DATA_TYPE_FLOAT32);
  for (const size_t extent : {size_t{1}, size_t{4}, bytes / kKiB, size_t{64}})
    tensor->add_shape(static_cast<int64_t>(extent));
  *tensor->mutable_data() = RandomFloats(bytes);
  return FromString(request.SerializeAsString());
}

grpc::ByteBuffer SegmentRequest(size_t bytes) {
  v1::SegmentRequest request;
  v1::Tensor* tensor = request.mutable_image()->mutable_tensor();
  tensor->set_dtype(v1::DATA_TYPE_UINT8);
  tensor->add_shape(static_cast<int64_t>(bytes / kKiB));
  tensor->add_shape(kKiB);
  *tensor->mutable_data() = RandomPixels(bytes);
  request.mutable_outputs()->set_mask(true);
  return FromString(request.SerializeAsString());
}

grpc::ByteBuffer EncodeRequest(size_t bytes) {
  v1::EncodeRequest request;
  request.mutable_options()->set_model(v1::CODING_MODEL_STATIC);
  *request.mutable_data() = RandomPixels(bytes);
  return FromString(request.SerializeAsString());
}

struct Case {
  std::string name;
  std::string path;
  size_t bytes;
  std::function<grpc::ByteBuffer(size_t)> make;
  std::function<std::string(const std::string&)> payload;  // of an answer, to compare
};

std::string NormalizePayload(const std::string& bytes) {
  v1::NormalizeResponse m;
  m.ParseFromString(bytes);
  return m.tensor().data();
}

std::string SegmentPayload(const std::string& bytes) {
  v1::SegmentResponse m;
  m.ParseFromString(bytes);
  return m.mask().tensor().data();
}

std::string EncodePayload(const std::string& bytes) {
  v1::EncodeResponse m;
  m.ParseFromString(bytes);
  return m.coded();
}

std::vector<Case> Cases() {
  const std::string normalize = "/trine.v1.NormalizationService/Normalize";
  const std::string segment = "/trine.v1.SegmentationService/Segment";
  const std::string encode = "/trine.v1.CodingService/Encode";
  return {
      {"service.normalize.1KiB", normalize, kKiB, NormalizeRequest, NormalizePayload},
      {"service.normalize.64KiB", normalize, 64 * kKiB, NormalizeRequest, NormalizePayload},
      {"service.normalize.1MiB", normalize, kMiB, NormalizeRequest, NormalizePayload},
      {"service.normalize.16MiB", normalize, 16 * kMiB, NormalizeRequest, NormalizePayload},
      {"service.segment.1MiB", segment, kMiB, SegmentRequest, SegmentPayload},
      {"service.segment.16MiB", segment, 16 * kMiB, SegmentRequest, SegmentPayload},
      {"service.encode.1MiB", encode, kMiB, EncodeRequest, EncodePayload},
      {"service.encode.16MiB", encode, 16 * kMiB, EncodeRequest, EncodePayload},
  };
}

struct Servers {
  const ServerProcess& trine;
  const ServerProcess& echo;
  const ServerProcess& plain;
};

void CheckOutputs(const Servers& servers, const Case& c, const grpc::ByteBuffer& request) {
  Caller trine(servers.trine.address(), c.path), plain(servers.plain.address(), c.path),
      echo(servers.echo.address(), c.path);
  const std::string answer = c.payload(ToString(trine.Call(request)));
  if (answer.empty() || answer != c.payload(ToString(plain.Call(request))) ||
      ToString(echo.Call(request)) != ToString(request)) {
    std::fprintf(stderr, "service_bench: %s: the servers' answers differ\n", c.name.c_str());
    std::exit(1);
  }
}

void Throughput(const Servers& servers, const Case& c, int count, double seconds) {
  const grpc::ByteBuffer request = c.make(c.bytes);
  CheckOutputs(servers, c, request);
  Callers trine(servers.trine, c.path, count), echo(servers.echo, c.path, count),
      plain(servers.plain, c.path, count);
  for (Callers* callers : {&trine, &echo, &plain}) callers->Run(request, seconds);
  Pairs to_echo, to_plain, cpu_to_echo;
  for (int i = 0; i < kPairs; ++i) {
    const Load a = trine.Run(request, seconds);
    const Load b = echo.Run(request, seconds);
    const Load p = plain.Run(request, seconds);
    const double mb = static_cast<double>(c.bytes) / 1e6;
    to_echo.Add(a.calls_per_second * mb, b.calls_per_second * mb,
                a.calls_per_second / b.calls_per_second);
    to_plain.Add(a.calls_per_second * mb, p.calls_per_second * mb,
                 a.calls_per_second / p.calls_per_second);
    cpu_to_echo.Add(a.server_cpu_us, b.server_cpu_us, b.server_cpu_us / a.server_cpu_us);
  }
  const std::string what = std::to_string(count) + (count == 1 ? " caller" : " callers");
  to_echo.Print(c.name, what, count, "MB/s", "raw-echo");
  to_plain.Print(c.name, what, count, "MB/s", "plain-proto");
  cpu_to_echo.Print(c.name + ".server_cpu", what, count, "us", "raw-echo");
}

void Latency(const Servers& servers, const Case& c, double seconds) {
  const grpc::ByteBuffer request = c.make(c.bytes);
  Callers trine(servers.trine, c.path, 1), echo(servers.echo, c.path, 1);
  const int calls = static_cast<int>(4000 * seconds) + 100;
  trine.Latencies(request, calls);
  echo.Latencies(request, calls);
  Pairs p50, p99;
  for (int i = 0; i < kPairs; ++i) {
    const auto a = trine.Latencies(request, calls);
    const auto b = echo.Latencies(request, calls);
    p50.Add(Percentile(a, 0.5), Percentile(b, 0.5), Percentile(b, 0.5) / Percentile(a, 0.5));
    p99.Add(Percentile(a, 0.99), Percentile(b, 0.99), Percentile(b, 0.99) / Percentile(a, 0.99));
  }
  p50.Print(c.name + ".p50", "1 caller", 1, "us", "raw-echo");
  p99.Print(c.name + ".p99", "1 caller", 1, "us", "raw-echo");
}

// A call after a silence: threads that wait for work may have fallen asleep.
void IdleSweep(const Servers& servers, const Case& c) {
  const grpc::ByteBuffer request = c.make(c.bytes);
  Callers trine(servers.trine, c.path, 1), echo(servers.echo, c.path, 1);
  trine.Latencies(request, 100);
  echo.Latencies(request, 100);
  Pairs worst;
  double ours = 0, peer = 0;
  for (int ms = 900; ms <= 2300; ms += 50) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    ours = std::max(ours, trine.Latencies(request, 1)[0]);
    peer = std::max(peer, echo.Latencies(request, 1)[0]);
  }
  worst.Add(ours, peer, peer / ours);
  worst.Print("service.normalize.1KiB.after_silence", "worst, 0.9 to 2.3 s", 1, "us", "raw-echo");
}

int Main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: service_bench TRINE_SERVER RAW_ECHO PLAIN_PROTO SECONDS [ROW]\n");
    return 2;
  }
  const double seconds = std::atof(argv[4]);
  const std::string only = argc > 5 ? argv[5] : "";
  const ServerProcess trine(
      {argv[1], "--listen=127.0.0.1:0", "--metrics-listen=", "--log-level=warn"});
  const ServerProcess echo({argv[2]});
  const ServerProcess plain({argv[3]});
  const Servers servers{trine, echo, plain};
  for (const Case& c : Cases()) {
    if (c.name.find(only) == std::string::npos) continue;
    std::fprintf(stderr, "%s\n", c.name.c_str());
    for (const int count : {1, 4}) Throughput(servers, c, count, seconds);
    if (c.bytes == kKiB) Latency(servers, c, seconds);
  }
  if (only.empty() || only == "silence") IdleSweep(servers, Cases()[0]);
  return 0;
}

}  // namespace
}  // namespace trine::bench

int main(int argc, char** argv) { return trine::bench::Main(argc, argv); }
